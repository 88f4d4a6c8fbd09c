import type { FuzzTarget } from '../target.ts';
import { target as aml } from './aml.ts';
import { target as dvsec } from './dvsec.ts';
import { target as guestAgent } from './guest-agent.ts';
import { target as guestReport } from './guest-report.ts';
import { target as modulesAlias } from './modules-alias.ts';
import { target as monitor } from './monitor.ts';
import { target as numberList } from './number-list.ts';
import { target as protocol } from './protocol.ts';
import { target as qmp } from './qmp.ts';
import { target as snapshot } from './snapshot.ts';
import { target as srat } from './srat.ts';
import { target as structs } from './structs.ts';

/** Everything in ghpass that reads bytes which nobody vouches for. A target's module has its name. */
export const TARGETS: readonly FuzzTarget[] = [
  structs,
  protocol,
  aml,
  srat,
  dvsec,
  snapshot,
  qmp,
  monitor,
  guestAgent,
  guestReport,
  modulesAlias,
  numberList,
];

/** @throws RangeError for a name that no target has. */
export function findTarget(name: string): { target: FuzzTarget; module: string } {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (!target) throw new RangeError(`no such target: ${name}`);
  return { target, module: `./targets/${name}.ts` };
}
