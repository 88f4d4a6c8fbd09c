import { randomUUID } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Journal } from '../journal/journal.ts';
import type { ReportingGuest } from '../proof/wait-for-report.ts';
import { consoleLogOf, type DomainChoice, domainXml, type PreparedDomain, startNewDomain } from './create-domain.ts';

interface SmokeDomainOptions extends DomainChoice {
  deadlineMs: number | null;
  signal: AbortSignal;
  progress(line: string): void;
}

/** QEMU runs as a user of libvirt's, and has to get through to its initramfs, but need not see what else is there. */
const PASSABLE = 0o711;

/**
 * Starts the smoke guest as a domain.
 * @param directory of the guest, with its initramfs in it.
 */
export async function startSmokeDomain(
  prepared: PreparedDomain,
  directory: string,
  journal: Journal,
  options: SmokeDomainOptions,
): Promise<ReportingGuest> {
  for (const path of [dirname(directory), directory]) chmodSync(path, PASSABLE);
  const { name } = prepared.plan;
  const uuid = randomUUID();
  const consoleLog = consoleLogOf(name);
  const virsh = await startNewDomain(prepared.plan, domainXml(prepared, options, uuid), {
    ...options,
    uuid,
    journals: { running: journal, lasting: journal },
  });
  return {
    consoleLog,
    findings: [],
    hasEnded: async () => (await virsh.state(name)) === 'shut off',
    // The journal has it: what undoes its definition ends it first.
    stop: async () => {},
  };
}
