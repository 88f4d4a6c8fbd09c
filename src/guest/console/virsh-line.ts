import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GhpassError } from '../../errors.ts';
import { virshFailure } from '../../host/libvirt/virsh-failure.ts';
import { openNameless } from '../../host/programs/nameless-file.ts';
import type { ConsoleLine } from './line.ts';

/** What virsh says where somebody else has the console (src/util/virerror, src/conf/virchrdev.c). */
const TAKEN = /console session exists/;
/** virsh says nothing when it is connected. One that was refused has ended by then; a slower refusal comes with the end. */
const REFUSAL_MS = 700;
/** On a machine that is busy it takes its time until virsh reads what is typed. */
const LONGEST_START_MS = 10_000;
const LOOK_MS = 20;
/**
 * Its errors go to a file: what comes over the terminal is the guest's. Another file tells that it has made its terminal raw: what was typed
 * before it throws away (TCSAFLUSH in tools/vsh.c).
 */
const VIRSH = `exec 3<&0 2> "$1"
{ until stty -a | grep -q -e -icanon; do sleep 0.05; done; echo raw > "$0"; } <&3 > /dev/null 2>&1 &
shift
exec virsh "$@" 3<&-`;

/** The native part of node-pty is compiled at its installation, which may have failed: it is an optional dependency. */
export function loadPty(): Promise<typeof import('node-pty') | null> {
  return import('node-pty').catch(() => null);
}

/**
 * A virsh in a pseudo-terminal of its own.
 * @throws GhpassError `console.no-pty` where there is no node-pty, `console.taken`, and those of `virshFailure`.
 */
export async function openVirshLine(
  args: readonly string[],
  { columns: cols, rows }: { columns: number; rows: number },
): Promise<ConsoleLine> {
  const pty = await loadPty();
  if (pty === null) throw noPty();
  const [raw, errors] = [openNameless(''), openNameless('')];
  const files = [raw, errors].map((fd) => `/proc/${process.pid}/fd/${fd}`);
  const env = { ...process.env, LC_ALL: 'C' };
  const virsh = spawnIn(pty, ['-c', VIRSH, ...files, ...args], { cols, rows, encoding: null, env });
  const kill = () => virsh.kill('SIGTERM');
  process.on('exit', kill);
  const early: Uint8Array[] = [];
  let listener: ((bytes: Uint8Array) => Promise<void>) | null = null;
  // Without an encoding, what comes are bytes, whatever the declaration says.
  virsh.onData((data) => {
    const bytes = data as unknown as Uint8Array;
    if (listener === null) early.push(bytes);
    else {
      virsh.pause();
      void listener(bytes).then(() => virsh.resume());
    }
  });
  const ended = new Promise<void>((resolve, reject) => {
    virsh.onExit(({ exitCode }) => {
      process.off('exit', kill);
      const said = readFileSync(errors, 'utf8');
      for (const file of [raw, errors]) closeSync(file);
      if (exitCode === 0) resolve();
      else reject(consoleFailure(args, said, exitCode));
    });
  });
  const over = new AbortController();
  const connected = Promise.all([sleep(REFUSAL_MS, null, { signal: over.signal }), isWritten(raw, over.signal)]).catch(
    () => undefined,
  );
  await Promise.race([ended, connected]).finally(() => over.abort());
  return {
    type: (keys) => virsh.write(Buffer.from(keys)),
    resize: (columns, lines) => virsh.resize(columns, lines),
    onOutput: (wanted) => {
      listener = wanted;
      if (early.length > 0) void wanted(Buffer.concat(early.splice(0)));
    },
    ended,
    close: kill,
  };
}

async function isWritten(file: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + LONGEST_START_MS;
  while (fstatSync(file).size === 0 && Date.now() < deadline) await sleep(LOOK_MS, null, { signal });
}

/** @throws GhpassError `console.no-pty` where this machine has no more pseudo-terminals, or none. */
function spawnIn({ spawn }: typeof import('node-pty'), args: string[], options: import('node-pty').IPtyForkOptions) {
  try {
    return spawn('/bin/sh', args, options);
  } catch (error) {
    throw new GhpassError('tool', {
      code: 'console.no-pty',
      message: `there is no pseudo-terminal for virsh: ${(error as Error).message}`,
      suggestions: ['ls -l /dev/ptmx /dev/pts', 'sysctl kernel.pty'],
      cause: error,
    });
  }
}

/** What a `virsh console` that failed says, as an error. */
export function consoleFailure(args: readonly string[], stderr: string, status: number | null): GhpassError {
  const uri = args.find((word) => word.startsWith('--connect='))?.slice('--connect='.length) ?? '';
  const failure = virshFailure(uri, ['console'], { stderr, status, stdout: '', signal: null });
  if (!TAKEN.test(stderr)) return failure;
  return new GhpassError('check', {
    code: 'console.taken',
    message: 'another program has the console, and libvirt does not tell which',
    suggestions: [`virsh ${args.filter((word) => word !== '--quiet').join(' ')} --force   # takes it from them`],
    cause: failure,
  });
}

function noPty(): GhpassError {
  return new GhpassError('tool', {
    code: 'console.no-pty',
    message: 'virsh needs a terminal, and node-pty is not installed, which would give it one',
    suggestions: ['npm install --global node-pty', 'from a terminal: ghpass attach'],
  });
}
