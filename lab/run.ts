import path from 'node:path';
import { execa } from 'execa';
import type { LabSelection } from './artifacts/all.ts';
import { createLabContext, type LabContext } from './context.ts';
import { LabError } from './error.ts';
import { type HostDescription, loadHost } from './host-description.ts';
import { followFile } from './machine/follow.ts';
import { type Job, readOutputDisk } from './machine/job.ts';
import { type MachinePlan, withMachine } from './machine/machine.ts';

/** How long L1 may take beside the script itself: firmware, kernel, root file system, power off. Seen: 10 s without load. */
const BOOT_ALLOWANCE_SECONDS = 120;
const CONSOLE_TAIL_LINES = 25;

export interface LabRunOptions extends Partial<LabSelection> {
  /** Name of a host under lab/hosts/, the path of a file like them, or a description. */
  readonly host?: string | HostDescription;
  /** Text of the script that runs in L1 as root. With `#!` of its own, else it is for sh. */
  readonly script: string;
  readonly args?: readonly string[];
  /** Files to put beside the script, in its working directory. */
  readonly put?: readonly string[];
  /** Where to write the files that the script left in $OUT; they are in the result anyway. */
  readonly outDirectory?: string;
  /** The script is killed in L1 after that time and ends with status 124; what it left in $OUT comes back all the same. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
  /** Called while the script runs, with what it writes. */
  readonly onStdout?: (data: Buffer) => void;
  readonly onStderr?: (data: Buffer) => void;
  readonly onPhase?: (phase: string) => void;
}

export interface LabRunResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the script left in $OUT, by path relative to it. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** What L1's kernel wrote to its console. */
  readonly console: string;
  /** From the start of L1's QEMU to its end. */
  readonly seconds: number;
}

/**
 * Boots a virtual Grace host, runs a script in it, powers it off and gives what the script answered. Builds what is missing.
 * The status is the script's own and no error; a LabError says that the lab could not run it to its end. Nothing that was
 * started outlives the call, or this process.
 */
export async function runInLab(options: LabRunOptions): Promise<LabRunResult> {
  const lab = createLabContext({
    ...(options.onPhase === undefined ? {} : { report: options.onPhase }),
    signal: options.signal,
  });
  const timeoutSeconds = options.timeoutSeconds ?? 600;
  const job: Job = {
    script: options.script,
    args: options.args ?? [],
    put: options.put ?? [],
    timeoutSeconds,
    withGhpass: options.withGhpass ?? true,
  };
  return withMachine(lab, await machinePlan(options, job, 'file'), async (machine) => {
    const stdout = collect(options.onStdout);
    const stderr = collect(options.onStderr);
    const followers = [
      followFile(machine.stdoutFile, stdout.add),
      followFile(machine.stderrFile, stderr.add),
      followFile(machine.eventsFile, () => lab.report('running the script')),
    ];
    lab.report(`booting L1 (${machine.accelerator})`);
    const started = performance.now();
    const qemu = await execa(machine.qemu.command, machine.args, {
      reject: false,
      stdin: 'ignore',
      env: { TMPDIR: machine.scratch },
      timeout: (timeoutSeconds + BOOT_ALLOWANCE_SECONDS) * 1000,
      forceKillAfterDelay: 2000,
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    });
    const seconds = (performance.now() - started) / 1000;
    await Promise.all(followers.map((follower) => follower.stop()));
    options.signal?.throwIfAborted();
    lab.report('reading the answer');
    const outDirectory = options.outDirectory ?? path.join(machine.scratch, 'out');
    const answer = await readOutputDisk(machine.outputDisk, outDirectory);
    const console = await machine.readConsole();
    if (answer === undefined) throw noAnswer(qemu, console, timeoutSeconds, stderr.text());
    return { ...answer, stdout: stdout.text(), stderr: stderr.text(), console, seconds };
  });
}

export interface LabShellOptions extends Pick<LabRunOptions, 'kernel' | 'userland' | 'withGhpass' | 'host' | 'put'> {
  /** Called when L1 is about to take the terminal over: nothing else should write on it from then on. */
  readonly onTerminal?: () => void;
}

/** Boots a virtual Grace host with its serial console on this terminal, and waits until it is powered off. */
export async function shellInLab(lab: LabContext, options: LabShellOptions): Promise<void> {
  const job: Job = {
    script: undefined,
    args: [],
    put: options.put ?? [],
    timeoutSeconds: 0,
    withGhpass: options.withGhpass ?? true,
  };
  await withMachine(lab, await machinePlan(options, job, 'terminal'), async (machine) => {
    lab.report(`booting L1 (${machine.accelerator}); leave with "exit", or with Ctrl-A X`);
    options.onTerminal?.();
    await execa(machine.qemu.command, machine.args, {
      reject: false,
      stdio: 'inherit',
      env: { TMPDIR: machine.scratch },
    });
  });
}

/** Fills in the defaults. */
async function machinePlan(
  options: Pick<LabRunOptions, 'kernel' | 'userland' | 'host'>,
  job: Job,
  console: MachinePlan['console'],
): Promise<MachinePlan> {
  const { kernel = 'stock', userland = 'trixie', host = 'gh200' } = options;
  return { kernel, userland, host: typeof host === 'string' ? await loadHost(host) : host, job, console };
}

function collect(onData: ((data: Buffer) => void) | undefined) {
  const chunks: Buffer[] = [];
  return {
    add(data: Buffer) {
      chunks.push(data);
      onData?.(data);
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

function noAnswer(
  qemu: { timedOut: boolean; exitCode?: number | undefined; signal?: string | undefined; stderr: string },
  console: string,
  timeoutSeconds: number,
  scriptStderr: string,
): LabError {
  const what = qemu.timedOut
    ? `L1 was still running ${BOOT_ALLOWANCE_SECONDS} s after the script's ${timeoutSeconds} s were over, and was killed`
    : `L1 ended (${qemu.exitCode === undefined ? `signal ${qemu.signal}` : `QEMU's exit status ${qemu.exitCode}`}) without an answer`;
  const parts = [
    ['QEMU said', qemu.stderr],
    ['stderr of the script so far', scriptStderr],
    ["end of L1's console", console.trimEnd().split('\n').slice(-CONSOLE_TAIL_LINES).join('\n')],
  ].flatMap(([title, text]) => (text === '' ? [] : [`${title}:\n${text}`]));
  return new LabError([what, ...parts].join('\n'), ['npm run lab -- shell   (the same machine with its console here)']);
}
