import { join } from 'node:path';
import type { Host } from '../../host/host.ts';
import { QEMU_BINARY } from '../../host/programs/qemu.ts';
import type { GuestRequest } from '../../plan/request.ts';
import { renderArgv } from '../../qemu/argv/argv.ts';
import { makeDefinition } from '../definition/definition.ts';
import { withBoundGpus } from '../gpus/with-bound-gpus.ts';
import { type DisksToMake, inspectDisks, madeFiles, makeDisks } from '../image/disks.ts';
import type { ImageFacts } from '../image/inspect-image.ts';
import { guestFiles, VARIABLES } from './launch.ts';
import { makeGuest, requireNewGuest } from './new-guest.ts';
import { type Prepared, prepareGuest, requireBound } from './prepare.ts';
import { requireReadableFiles } from './readable-files.ts';
import { type StartedGuest, startProcess } from './start-process.ts';

export interface CreateOptions {
  addresses: readonly string[];
  /** What it boots names the disks that are to be made, too. */
  request: GuestRequest;
  disks: DisksToMake;
  bind: boolean;
  open: boolean;
  deadlineMs: number | null;
  directories: { runtime: string; journal: string; guests: string };
  signal: AbortSignal;
  progress(line: string): void;
}

export interface CreateResult extends Prepared {
  /** Null where a check failed, so that nothing was started. */
  guest: StartedGuest | null;
}

const COMMAND = 'ghpass create-vm';

/** The command line that {@link createGuest} would start, program first. */
export function guestCommand(
  { plan, tools }: Prepared,
  { runtime, guests }: Pick<CreateOptions['directories'], 'runtime' | 'guests'>,
): string[] {
  const files = guestFiles(join(runtime, plan.name), join(guests, plan.name));
  return [tools.qemu?.binary ?? QEMU_BINARY, ...renderArgv(plan, files)];
}

/**
 * Plans a guest, starts it, and leaves it running. After a failure or an interrupt, the guest, its files and the bindings
 * that were made for it are gone.
 */
export async function createGuest(host: Host, options: CreateOptions): Promise<CreateResult> {
  const { request, bind, directories, disks } = options;
  const { name } = request;
  requireNewGuest(name, options);
  const image = await lookAtDisks(options);
  const binding = { ...options, guest: name, afterwards: 'keep', command: COMMAND } as const;
  return withBoundGpus(host, binding, async () => {
    const prepared = await prepareGuest(host, options.addresses, request, options);
    requireBound(prepared);
    if (prepared.findings.some(({ severity }) => severity === 'fail')) return { ...prepared, guest: null };
    const gpus = prepared.plan.gpus.map(({ address }) => address);
    const { guest, findings } = await makeGuest(name, COMMAND, options, async ({ running, lasting }) => {
      const files = [VARIABLES, ...madeFiles(disks)];
      const definition = { schemaVersion: 1, backend: 'qemu', request, gpus, bind, domain: null, files } as const;
      const directory = makeDefinition(directories.guests, definition, lasting);
      await makeDisks(disks, image, directory, { ...options, name, journal: lasting });
      return startProcess(prepared, running, { ...options, ...directories, lasting: directory });
    });
    return { ...prepared, findings: [...prepared.findings, ...findings], guest };
  });
}

/**
 * Looks at all that the guest is to boot from, before anything is changed.
 * @returns what is known of the image; null where the guest is made from none.
 * @throws GhpassError those of {@link requireReadableFiles} and {@link inspectDisks}.
 */
export function lookAtDisks({ request, disks, directories, signal }: CreateOptions): Promise<ImageFacts | null> {
  const made = madeFiles(disks).map((file) => join(directories.guests, request.name, file));
  requireReadableFiles(request.boot, made);
  return inspectDisks(disks, signal);
}
