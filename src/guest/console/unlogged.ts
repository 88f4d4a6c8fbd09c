import { statSync } from 'node:fs';
import type { ConsoleLine } from './line.ts';

interface Watcher {
  show(bytes: Uint8Array): Promise<void>;
  /** Called once, before what was not logged is shown. */
  giveUp(): void;
}

const WINDOW_MS = 1_000;
/** Once may be bad luck: the log is looked at between its write and ours. */
const STRIKES = 2;

/**
 * Watches whether what comes over the line gets into the log: where the disk is full, QEMU drops it there and says
 * nothing. From then on the line is shown, with what came last.
 */
export function watchForUnlogged(line: ConsoleLine, log: string, { show, giveUp }: Watcher): void {
  let size = sizeOf(log);
  let strikes = 0;
  let hasGivenUp = false;
  let timer: NodeJS.Timeout | null = null;
  let waiting: Uint8Array[] = [];
  const compare = () => {
    timer = null;
    const now = sizeOf(log);
    strikes = now === size ? strikes + 1 : 0;
    size = now;
    if (strikes === 0) waiting = [];
    if (strikes < STRIKES) return;
    hasGivenUp = true;
    giveUp();
    void show(Buffer.concat(waiting));
  };
  line.onOutput(async (bytes) => {
    if (hasGivenUp) return show(bytes);
    waiting.push(bytes);
    timer ??= setTimeout(compare, WINDOW_MS);
  });
  const stop = () => clearTimeout(timer ?? undefined);
  line.ended.then(stop, stop);
}

function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}
