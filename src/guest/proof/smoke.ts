import { existsSync } from 'node:fs';
import type { Finding } from '../../checks/check.ts';
import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { QEMU_BINARY } from '../../host/programs/qemu.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { GuestRequest } from '../../plan/request.ts';
import { stopQemu } from '../../qemu/process.ts';
import { type DomainChoice, type PreparedDomain, prepareDomain } from '../domain/create-domain.ts';
import { requireThisMachine } from '../domain/require-this-machine.ts';
import { startSmokeDomain } from '../domain/smoke-domain.ts';
import { selectGpus } from '../gpus/select-gpus.ts';
import { withBoundGpus } from '../gpus/with-bound-gpus.ts';
import { Journal } from '../journal/journal.ts';
import { whileLocked } from '../journal/lock.ts';
import { guestJournal } from '../journal/subjects.ts';
import { launch, makeGuestDirectory, startDeadlineMs } from '../life/launch.ts';
import { type Prepared, prepareGuest, requireBound } from '../life/prepare.ts';
import { requireReadableFiles } from '../life/readable-files.ts';
import { putBack } from '../undo/put-back.ts';
import { differenceFindings } from './differences.ts';
import type { GuestFacts } from './guest-facts.ts';
import { buildInitramfs } from './initramfs.ts';
import { type Comparison, compareGuest } from './verify.ts';
import { type ReportingGuest, waitForReport } from './wait-for-report.ts';

export interface SmokeOptions {
  addresses: readonly string[];
  /** Everything but what the smoke guest boots. */
  request: Omit<GuestRequest, 'boot'>;
  /** Null: the kernel that runs on the host. */
  kernel: string | null;
  /** Bind the GPUs to the variant driver first, and give them back afterwards. */
  bind: boolean;
  /** Let the guest boot a second time, and compare again: tables are made anew. */
  reboot: boolean;
  /** Null: QEMU as a process of ghpass. */
  libvirt: DomainChoice | null;
  /** Null: from the guest's memory. */
  deadlineMs: number | null;
  directories: { runtime: string; journal: string };
  signal: AbortSignal;
  progress(line: string): void;
}

type SmokePrepared = Prepared | PreparedDomain;

export interface SmokeResult {
  plan: GuestPlan;
  /** Empty where a check failed before a guest was started. */
  comparisons: Comparison[];
  findings: Finding[];
}

const COMMAND = 'ghpass smoke';
/** Few messages, because each character costs an exit; memory is not cleared, because nobody will miss it. */
const KERNEL_ARGUMENTS = 'console=ttyAMA0 loglevel=4 panic=-1 init_on_alloc=0';
/** The guest reboots once it has reported, and reports again. */
const REBOOT_ARGUMENT = 'ghpass.then=reboot';

/**
 * probe → plan → throw-away guest → comparison → host as before, whatever happens in between.
 * @throws GhpassError of any of the steps, after everything was undone.
 */
export async function smoke(host: Host, options: SmokeOptions): Promise<SmokeResult> {
  /** First of all, so that CI can skip a machine without a GPU by the exit status, whatever else it lacks. */
  await selectGpus(host, options.addresses, { open: false });
  if (options.libvirt) await requireThisMachine(host, options.libvirt.connect);
  const append = options.reboot ? `${KERNEL_ARGUMENTS} ${REBOOT_ARGUMENT}` : KERNEL_ARGUMENTS;
  const boot = { kernel: options.kernel ?? hostKernel(host), initrd: null, append, disks: [] };
  requireReadableFiles(boot);
  const { name } = options.request;
  const binding = {
    ...options,
    managed: options.libvirt?.managed,
    guest: name,
    afterwards: 'give-back',
    command: COMMAND,
  } as const;
  return withBoundGpus(host, binding, async () => {
    options.progress('asking the host and its GPUs');
    const request = { ...options.request, boot };
    const prepared = await prepare(host, request, options);
    if (!options.libvirt?.managed) requireBound(prepared);
    const { plan, findings } = prepared;
    if (findings.some(({ severity }) => severity === 'fail')) return { plan, comparisons: [], findings };
    const subject = guestJournal(name);
    const { seen, told } = await whileLocked(options.directories.journal, [subject], COMMAND, () =>
      runGuest(prepared, options),
    );
    const comparisons = seen.flatMap((guest) => compareGuest(plan, guest));
    const differences = differenceFindings(comparisons, plan.name);
    return { plan, comparisons, findings: [...findings, ...told, ...differences] };
  });
}

function prepare(host: Host, request: GuestRequest, { addresses, libvirt }: SmokeOptions): Promise<SmokePrepared> {
  if (libvirt === null) return prepareGuest(host, addresses, request, { open: true });
  return prepareDomain(host, { addresses, request, open: true, dryRun: false, ...libvirt });
}

/** Runs the guest on its back end. @returns what it saw, once for each boot, and what is to be said of how it was started. */
async function runGuest(
  prepared: SmokePrepared,
  options: SmokeOptions,
): Promise<{ seen: GuestFacts[]; told: readonly Finding[] }> {
  const { plan, tools } = prepared;
  const journal = Journal.open(options.directories.journal, guestJournal(plan.name), COMMAND);
  let guest: ReportingGuest | null = null;
  const seen: GuestFacts[] = [];
  try {
    const directory = makeGuestDirectory(options.directories.runtime, plan.name, journal);
    const initrd = await buildInitramfs(directory, options.signal, journal.environment);
    const bootable = { ...plan, boot: { ...plan.boot, initrd } };
    guest =
      options.libvirt && 'profile' in prepared
        ? await startSmokeDomain({ ...prepared, plan: bootable }, directory, journal, {
            ...options,
            ...options.libvirt,
          })
        : await startProcess(bootable, tools.qemu?.binary ?? QEMU_BINARY, directory, journal, options);
    for (let boots = 0; boots < (options.reboot ? 2 : 1); boots += 1) {
      seen.push(await waitForReport(guest, options, boots));
    }
  } catch (error) {
    throw await end(guest, journal, error, options);
  }
  const failed = await end(guest, journal, null, options);
  if (failed) throw failed;
  return { seen, told: guest.findings };
}

async function startProcess(
  plan: GuestPlan,
  binary: string,
  directory: string,
  journal: Journal,
  { deadlineMs, signal, progress }: SmokeOptions,
): Promise<ReportingGuest> {
  const { process, qmp, files, findings } = await launch(plan, directory, journal, {
    binary,
    deadlineMs: deadlineMs ?? startDeadlineMs(plan.memoryBytes),
    signal,
    progress,
  });
  let ended = false;
  void process.exited.then(() => {
    ended = true;
  });
  return { consoleLog: files.consoleLog, findings, hasEnded: async () => ended, stop: () => stopQemu(process, qmp) };
}

/** @returns what is to be thrown, as {@link putBack} does. */
async function end(
  guest: ReportingGuest | null,
  journal: Journal,
  first: unknown,
  options: SmokeOptions,
): Promise<unknown> {
  await guest?.stop();
  return putBack([journal], first, options);
}

/** @throws GhpassError `smoke.kernel-missing`. */
function hostKernel(host: Host): string {
  const candidates = [
    `/boot/vmlinuz-${host.release}`,
    `/lib/modules/${host.release}/vmlinuz`,
    `/boot/Image-${host.release}`,
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found) return found;
  throw new GhpassError('tool', {
    code: 'smoke.kernel-missing',
    message: `the kernel that runs on the host is in none of ${candidates.join(', ')}`,
    suggestions: ['--kernel FILE'],
  });
}
