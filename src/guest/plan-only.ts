import type { Finding } from '../checks/check.ts';
import type { Host } from '../host/host.ts';
import type { DomainChoice } from './domain/create-domain.ts';
import { inspectDisks } from './image/disks.ts';
import { type CreateOptions, guestCommand } from './life/create.ts';
import { prepareGuest } from './life/prepare.ts';
import { preparePseries, pseriesCommand } from './pseries.ts';

/** A guest that is planned and not started. */
export interface PlannedGuest {
  plan: object;
  findings: Finding[];
  /** What runs it would get: the command line, program first, or the domain. */
  rendered: { argv: string[] } | { xml: string };
}

type PlanOptions = Pick<CreateOptions, 'addresses' | 'request' | 'disks' | 'open' | 'directories' | 'signal'>;

/**
 * Plans a guest as `create-vm` would start it, and changes nothing.
 * @param libvirt the domain that it is to be; null for a process.
 * @throws GhpassError where no plan is possible.
 */
export async function planOnly(host: Host, options: PlanOptions, libvirt: DomainChoice | null): Promise<PlannedGuest> {
  if (host.source.kind === 'local') await inspectDisks(options.disks, options.signal);
  if (libvirt) {
    const { prepareDomain, domainXml } = await import('./domain/create-domain.ts');
    const prepared = await prepareDomain(host, { ...options, ...libvirt, dryRun: true });
    return { ...prepared, rendered: { xml: domainXml(prepared, libvirt, null) } };
  }
  const prepared = await prepareGuest(host, options.addresses, options.request, { open: options.open });
  return { ...prepared, rendered: { argv: guestCommand(prepared, options.directories) } };
}

/**
 * The same where the GPUs are on NVLink2: a pseries machine, which ghpass plans and never starts.
 * @param options.start the guest is wanted for real: a finding says why it is not to be had.
 */
export async function planPseriesOnly(
  host: Host,
  { addresses, request, open, directories, start }: Omit<PlanOptions, 'disks' | 'signal'> & { start: boolean },
): Promise<PlannedGuest> {
  const prepared = await preparePseries(host, addresses, request, { open, start });
  return { ...prepared, rendered: { argv: pseriesCommand(prepared, directories.runtime) } };
}
