import { type HostFiles, readTextIfReadable, UnreadableFileError } from './files.ts';
import { JournalLineError, type JournalText, parseJournal } from './journal-lines.ts';

/** Where root's ghpass keeps its journals. */
export const ROOT_JOURNALS = '/var/lib/ghpass/journal';

/** The journal of a command that ended without undoing its changes. */
export interface Leftover {
  /** PCI address of a GPU, or `guest-` and the name of a guest. */
  subject: string;
  command: string;
  pid: number;
}

/**
 * What killed commands have left on a host.
 * @returns null where the journals may not be read.
 */
export function readLeftovers(files: HostFiles): Leftover[] | null {
  try {
    return files
      .list(ROOT_JOURNALS)
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => readLeftover(files, name.slice(0, -'.jsonl'.length)) ?? []);
  } catch (error) {
    if (error instanceof UnreadableFileError) return null;
    throw error;
  }
}

/**
 * GPUs in whose driver a child of ghpass hangs. It holds the lock of the device, and whoever reads `driver_override` or
 * `sriov_numvfs` waits for that, where no signal reaches it (drivers/pci/pci-sysfs.c, driver_override_show; drivers/pci/iov.c,
 * sriov_numvfs_show).
 */
export function hangingGpus(files: HostFiles): ReadonlySet<string> {
  try {
    const names = files.list(ROOT_JOURNALS).filter((name) => name.endsWith('.jsonl'));
    return new Set(names.map((name) => name.slice(0, -'.jsonl'.length)).filter((subject) => isHanging(files, subject)));
  } catch (error) {
    if (error instanceof UnreadableFileError) return new Set();
    throw error;
  }
}

function isHanging(files: HostFiles, subject: string): boolean {
  const changes = readJournal(files, subject)?.changes ?? [];
  return changes.some((change) => change.kind === 'abandoned' && isAlive(files, change.pid, change.startTime));
}

/** @returns null for what is meant to stay, for what is being worked on, and for what `ghpass recover` has to complain about. */
function readLeftover(files: HostFiles, subject: string): Leftover | null {
  const { owner = null, kept } = readJournal(files, subject) ?? {};
  if (owner === null || kept || isAlive(files, owner.pid, owner.startTime)) return null;
  return { subject, command: owner.command, pid: owner.pid };
}

/** @returns null for one that cannot be made sense of. */
function readJournal(files: HostFiles, subject: string): JournalText | null {
  const text = files.readBytes(`${ROOT_JOURNALS}/${subject}.jsonl`) ?? new Uint8Array();
  try {
    return parseJournal(new TextDecoder().decode(text));
  } catch (error) {
    if (error instanceof JournalLineError) return null;
    throw error;
  }
}

/** Field 22 of /proc/PID/stat, counted behind the command name (proc(5)), as on the machine that the files are of. */
function isAlive(files: HostFiles, pid: number, startTime: string): boolean {
  const stat = readTextIfReadable(files, `/proc/${pid}/stat`);
  return stat !== null && stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] === startTime;
}
