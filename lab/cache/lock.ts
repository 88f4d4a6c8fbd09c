import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';

/**
 * Runs `work` while no other process holds the lock at `file`. The lock is flock(2), held by a child that lives as long
 * as its stdin is open: the kernel closes that when this process ends, however it ends, so no lock survives a crash.
 * `waiting` is called once if somebody else holds it.
 */
export async function withLock<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  const holder = execa('flock', ['--exclusive', file, 'sh', '-c', 'echo held; cat'], {
    reject: false,
    stdin: 'pipe',
    buffer: false,
  });
  const patience = setTimeout(waiting, 300);
  try {
    const outcome = await Promise.race([once(holder.stdout, 'data').then(() => 'held' as const), holder]);
    if (outcome !== 'held') throw new Error(`cannot lock ${file}: ${outcome.shortMessage}`);
    clearTimeout(patience);
    return await work();
  } finally {
    clearTimeout(patience);
    holder.stdin.end();
    await holder;
  }
}
