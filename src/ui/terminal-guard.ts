import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/**
 * Waits on its standard input, each line of which is what to write to the terminal; where that ends without a last word, ghpass was killed. A
 * shell that edits lines sets the terminal as it likes it then, and is given the time for that: the keys that send signals are on behind it,
 * and ghpass has them off. To look and to set are two steps, and what the shell does between them would be lost.
 */
const GUARD = `trap '' HUP INT QUIT TERM
saved=$(stty -g <&3) || exit
echo saved
while read -r word; do
  [ "$word" != over ] || exit 0
  undo=$word
done
printf '%b' "$undo" >&3
sleep 0.2
case $(stty -a <&3) in *-isig*) stty "$saved" <&3 ;; esac`;

/** Puts the terminal back where ghpass is killed and cannot. */
export interface TerminalGuard {
  /** What makes the terminal as it was, from now on, beside its settings. */
  setUndo(sequence: string): void;
  /** Ends the guard, when ghpass has put the terminal back itself. */
  release(): void;
}

/**
 * Starts a small process that guards the terminal of standard output.
 * @returns when it knows how the terminal is set now.
 */
export async function guardTerminal(undo: string): Promise<TerminalGuard> {
  const guard = spawn('sh', ['-c', GUARD], {
    // In a session of its own, nothing that is meant for ghpass and its group reaches it.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', process.stdout.fd],
  }) as unknown as ChildProcessByStdio<Writable, Readable, null>;
  guard.stdin.on('error', () => undefined);
  const isReady = once(guard.stdout, 'data').catch(() => undefined);
  await Promise.race([isReady, once(guard, 'close').catch(() => undefined)]);
  guard.stdout.destroy();
  guard.unref();
  let last = '';
  const setUndo = (sequence: string) => {
    if (sequence === last) return;
    last = sequence;
    guard.stdin.write(`${inOctal(sequence)}\n`);
  };
  setUndo(undo);
  return { setUndo, release: () => guard.stdin.end('over\n') };
}

/** As %b of printf(1) reads it. */
function inOctal(text: string): string {
  return [...Buffer.from(text, 'latin1')].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
}
