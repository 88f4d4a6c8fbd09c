import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { GhpassError } from '../../errors.ts';
import { Lock } from '../journal/lock.ts';
import type { DomainConsole } from './domain-console.ts';
import { followLog } from './follow-log.ts';
import { tailOf } from './log-tail.ts';
import { screenful, type ViewOptions, viewConsole } from './view-console.ts';
import type { Leave, Viewer } from './viewer.ts';
import { consoleFailure } from './virsh-line.ts';
import { WithoutQuestions } from './without-questions.ts';

/**
 * As {@link viewConsole}, where there is no pseudo-terminal to put virsh into: it gets the viewer's own, and reads the same
 * key. What the guest writes while virsh starts is in the log alone.
 * @throws GhpassError those of {@link viewConsole}.
 */
export async function lendConsole(
  guest: DomainConsole,
  viewer: Viewer,
  options: ViewOptions,
): Promise<Leave | 'ended'> {
  let lock: Lock;
  try {
    lock = Lock.take(options.locks, guest.subject, options.command);
  } catch (error) {
    if (error instanceof GhpassError && error.code === 'journal.busy' && guest.log !== null)
      return viewConsole(guest, viewer, options);
    throw error;
  }
  try {
    viewer.tell(`console of ${guest.name} (${guest.where}): ${viewer.leaveKey} leaves, and the guest goes on`);
    if (guest.log !== null) await showPast(guest.log, viewer, options);
    await viewer.lend(() => runVirsh(guest.virshArguments));
    return (await guest.isRunning()) ? 'detached' : 'ended';
  } finally {
    lock.release();
  }
}

async function showPast(log: string, viewer: Viewer, { wanted }: ViewOptions): Promise<void> {
  const { from } = tailOf(log, wanted ?? screenful(viewer));
  const past = new WithoutQuestions();
  for await (const bytes of followLog(log, from, AbortSignal.abort())) await viewer.show(past.take(bytes));
}

async function runVirsh(args: readonly string[]): Promise<void> {
  const env = { ...process.env, LC_ALL: 'C' };
  const virsh = spawn('virsh', args, { stdio: ['inherit', 'inherit', 'pipe'], env });
  const kill = () => virsh.kill();
  process.on('exit', kill);
  try {
    const [said, [status]] = await Promise.all([text(virsh.stderr), once(virsh, 'close')]);
    if (status !== 0) throw consoleFailure(args, said, status);
  } finally {
    process.off('exit', kill);
  }
}
