import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/**
 * Waits on its standard input; where that ends without a word, ghpass was killed and could not put the terminal back. Leaves the
 * other screen, shows the cursor, ends colours.
 */
const GUARD = `trap '' HUP INT TERM
saved=$(stty -g <&3) || exit
echo saved
read -r word && exit
stty "$saved" <&3
printf '\\033[?2026l\\033[?1049l\\033[?25h\\033[0m' >&3`;

/**
 * Starts a small process that puts the terminal back where ghpass is killed and cannot.
 * @returns when it knows how the terminal is now; ends it, when ghpass has put the terminal back itself.
 */
export async function guardTerminal(): Promise<() => void> {
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
  return () => guard.stdin.end('over\n');
}
