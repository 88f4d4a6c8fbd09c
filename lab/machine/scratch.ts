import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Short, because the path of a UNIX socket has at most 107 bytes. */
const PREFIX = 'ghpass-lab-';
const OWNER_FILE = 'owner';

/**
 * Runs `work` with a temporary directory that is gone afterwards. Directories of runs that were killed are removed here,
 * too: their owner, named by process id and start time, does not exist any more.
 */
export async function withScratchDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  await removeOrphans();
  const directory = await mkdtemp(path.join(tmpdir(), PREFIX));
  try {
    await writeFile(path.join(directory, OWNER_FILE), await processIdentity(process.pid));
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function removeOrphans(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    if (!entry.startsWith(PREFIX)) continue;
    const directory = path.join(tmpdir(), entry);
    const owner = await readFile(path.join(directory, OWNER_FILE), 'utf8').catch(() => undefined);
    if (owner === undefined) continue;
    const alive = (await processIdentity(Number(owner.split(' ')[0]))) === owner;
    // Another user's directory cannot be removed, and need not be.
    if (!alive) await rm(directory, { recursive: true, force: true }).catch(() => {});
  }
}

/** Process id and start time (field 22 of /proc/PID/stat, proc(5)): ids are used again, the pair is not. */
async function processIdentity(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in parentheses, and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return `${pid} ${fields[19] ?? 'gone'}`;
}
