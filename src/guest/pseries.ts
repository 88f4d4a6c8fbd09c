import { join } from 'node:path';
import { assess, type Finding } from '../checks/check.ts';
import { DEVICE_CHECKS } from '../checks/device/index.ts';
import { stackNvlink2 } from '../checks/device/stack-nvlink2.ts';
import { collectHost } from '../host/facts.ts';
import type { Host } from '../host/host.ts';
import { type PseriesPlan, planPseries } from '../plan/pseries-plan.ts';
import type { GuestRequest } from '../plan/request.ts';
import { PSERIES_BINARY, renderPseriesArgv } from '../qemu/argv/pseries.ts';
import { NVLINK2_STACK } from '../vfio/nvlink.ts';
import { selectGpus } from './gpus/select-gpus.ts';
import { guestFiles } from './life/launch.ts';

/** A guest for GPUs on NVLink2, which ghpass plans and does not start. */
export interface PreparedPseries {
  plan: PseriesPlan;
  findings: Finding[];
}

/** Whether the GPUs of a host are on NVLink2, so that its guests are pseries machines. */
export function isPseriesHost(host: Host): boolean {
  return collectHost(host).nvlinks.size > 0;
}

/**
 * Collects, assesses and plans.
 * @param addresses GPUs for the guest; none stands for the only one of the host.
 * @param options.start the guest is wanted for real: a finding says why it is not to be had.
 * @throws GhpassError where no plan is possible, and those of {@link selectGpus}.
 */
export async function preparePseries(
  host: Host,
  addresses: readonly string[],
  request: GuestRequest,
  options: { open: boolean; start: boolean },
): Promise<PreparedPseries> {
  const { host: facts, gpus } = await selectGpus(host, addresses, options);
  const findings = gpus.flatMap((gpu) => assess(DEVICE_CHECKS, { host: facts, gpu, gpus }));
  const plan = planPseries(gpus, request);
  return { plan, findings: options.start ? [...findings, notStarted(plan.name)] : findings };
}

/** The command line that such a guest had, program first. */
export function pseriesCommand({ plan }: PreparedPseries, runtimeDirectory: string): string[] {
  return [PSERIES_BINARY, ...renderPseriesArgv(plan, guestFiles(join(runtimeDirectory, plan.name)))];
}

function notStarted(name: string): Finding {
  const { id, reference } = stackNvlink2;
  return {
    id,
    severity: 'fail',
    subject: name,
    message: `a guest with memory behind NVLink2 needs ${NVLINK2_STACK}; ghpass plans it, and does not start it`,
    remedy: [`ghpass create-vm ${name} --dry-run --emit argv   # for such a host`],
    reference,
  };
}
