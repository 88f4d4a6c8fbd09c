import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { restoreDriver, restoreOverride, unloadModule } from './binding.ts';
import type { Change } from './journal.ts';
import { isAlive } from './process-identity.ts';

/** How long a process gets to leave after SIGTERM. */
const LEAVE_MS = 5_000;

/**
 * Undoes changes, the last one first. Each step looks at what is there now, so that a change which was never made, or is
 * already undone, is left alone: undoing twice is undoing once.
 */
export async function undo(changes: readonly Change[]): Promise<void> {
  for (const change of [...changes].reverse()) await undoOne(change);
}

async function undoOne(change: Change): Promise<void> {
  switch (change.kind) {
    case 'module':
      return unloadModule(change.name);
    case 'driver-override':
      return restoreOverride(change.address, change.before);
    case 'driver':
      return restoreDriver(change.address, change.before);
    case 'directory':
      return rmSync(change.path, { recursive: true, force: true });
    case 'process':
      return endProcess(change.pid, change.startTime);
  }
}

async function endProcess(pid: number, startTime: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(pid, startTime)) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < LEAVE_MS && isAlive(pid, startTime); waited += 100) await sleep(100);
  }
}
