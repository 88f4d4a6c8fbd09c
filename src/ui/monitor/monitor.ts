import { EXIT_STATUS } from '../../errors.ts';
import type { KnownGuest } from '../../guest/life/find-guest.ts';
import { readGpuMemory } from '../../guest/monitor/gpu-memory.ts';
import { watchGuests } from '../../guest/monitor/watch.ts';
import { localHost } from '../../host/local.ts';
import type { Paint } from '../paint.ts';
import { JsonLines } from './json-lines.ts';
import { MonitorModel } from './model.ts';

export interface MonitorOptions {
  paint: Paint;
  isJson: boolean;
  untilGone: boolean;
  /** Aborted by Ctrl-C and its like. */
  signal: AbortSignal;
}

/** A model of guests that nobody has looked at yet. */
export async function modelOf(guests: readonly KnownGuest[]): Promise<MonitorModel> {
  const addresses = new Set(guests.flatMap(({ plan }) => plan.gpus.map(({ address }) => address)));
  return new MonitorModel(guests, await readGpuMemory(localHost(), [...addresses]));
}

/**
 * Watches guests until the user has seen enough: on a screen where there is a terminal, else as lines of JSON.
 * @returns the exit status.
 */
export async function monitor(guests: readonly KnownGuest[], options: MonitorOptions): Promise<number> {
  const isScreen = !options.isJson && isTerminal();
  const model = await modelOf(guests);
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const lines = isScreen ? null : linesTo(process.stdout, () => over.abort());
  const watching = watchGuests(guests, {
    signal,
    onObserved: (seen) => {
      const { before, after } = model.take(seen);
      lines?.observed(seen, before, after);
      if (options.untilGone && model.areAllGone) over.abort();
    },
  });
  if (isScreen) {
    const { loadScreen } = await import('./load-screen.ts');
    const { runScreen } = await loadScreen();
    const hasInterrupted = await runScreen(model, { paint: options.paint, signal });
    over.abort();
    await watching;
    return hasInterrupted || options.signal.aborted ? EXIT_STATUS.interrupted : 0;
  }
  await watching;
  if (!process.stdout.writable) return 0;
  lines?.end(options.signal.aborted ? 'interrupted' : 'gone');
  return options.signal.aborted ? EXIT_STATUS.interrupted : 0;
}

/** A terminal that can put the cursor where it is told. */
function isTerminal(): boolean {
  return process.stdout.isTTY && process.stderr.isTTY && process.env.TERM !== 'dumb';
}

/** @param onClosed called when nobody reads any more, which is no error of a stream that has no end. */
function linesTo(stream: NodeJS.WriteStream, onClosed: () => void): JsonLines {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    onClosed();
  });
  return new JsonLines((line) => stream.writable && stream.write(line));
}
