import { once } from 'node:events';
import { connect } from 'node:net';
import { GhpassError } from '../../errors.ts';
import type { GuestFiles } from '../../qemu/argv/guest-files.ts';
import { Qmp } from '../../qemu/qmp.ts';
import type { ConsoleLine } from './line.ts';

/** A QEMU that is busy with its guest's memory answers late; its console works all the same. */
const ANSWER_MS = 2_000;
/** QEMU sees a little later than others that a client has left. */
const LEAVE_MS = 1_000;
const RETRY_MS = 50;

interface Chardev {
  label: string;
  filename: string;
}

/**
 * Whether QEMU runs, and a client is connected to its console. Who connects as the second one gets no answer, and no error.
 * @returns null for what QEMU did not say in time.
 */
export async function askConsole({ qmpSocket }: GuestFiles): Promise<{ isRunning: boolean; isTaken: boolean | null }> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const qmp = await Qmp.open(qmpSocket, signal);
    try {
      const answer = (await qmp.until(signal, () => qmp.execute('query-chardev'))) as Chardev[];
      const console = answer.find(({ label }) => label === 'console0');
      return { isRunning: true, isTaken: console ? !console.filename.startsWith('disconnected:') : null };
    } finally {
      qmp.close();
    }
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return { isRunning: !['ENOENT', 'ECONNREFUSED', 'qmp.closed'].includes(errno), isTaken: null };
  }
}

/** @throws GhpassError `console.taken` where a program that is not ghpass has the console; the error of the system. */
export async function openQemuLine(files: GuestFiles): Promise<ConsoleLine> {
  const deadline = Date.now() + LEAVE_MS;
  while ((await askConsole(files)).isTaken) {
    if (Date.now() > deadline) throw taken(files.consoleSocket);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  const socket = connect(files.consoleSocket);
  await once(socket, 'connect');
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  socket.on('error', () => socket.destroy());
  // QEMU stops the guest when its console is not read (hw/char/pl011.c writes all or waits), so that it always is.
  socket.resume();
  return {
    type: (keys) => socket.write(keys),
    resize: () => undefined,
    onOutput: (listener) => socket.on('data', (bytes) => void listener(bytes)),
    ended,
    close: () => socket.destroy(),
  };
}

function taken(path: string): GhpassError {
  return new GhpassError('check', {
    code: 'console.taken',
    message: `another program is connected to ${path}`,
    suggestions: [`ss --unix --processes | grep ${path}`],
  });
}
