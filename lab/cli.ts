import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { forgetAptWorlds } from './apt/world.ts';
import { artifactsByName, ensureArtifacts, selectArtifacts } from './artifacts/all.ts';
import { KERNELS, type Kernel } from './artifacts/kernel.ts';
import { USERLANDS, type Userland } from './artifacts/userland.ts';
import { createLabContext, labCacheDirectory } from './context.ts';
import { formatLabError, LabError } from './error.ts';
import { startProgress } from './progress.ts';
import { runInLab, shellInLab } from './run.ts';
import { readScript } from './script-file.ts';

const USAGE = `usage: npm run lab -- COMMAND

  build [--kernel K] [--userland U] [--only ARTIFACT] [--refresh]
        Builds what is missing. --refresh first forgets the package lists, so that newer versions are seen.
  run   [--kernel K] [--userland U] [--host H] [--out DIR] [--timeout S] [--put FILE]... [--without-ghpass] SCRIPT [ARG]...
        Runs SCRIPT (- is stdin) in a fresh virtual Grace host as root. Its stdout, stderr and exit status become those of
        this command; the files that it leaves in $OUT go to DIR.
  shell [--kernel K] [--userland U] [--host H] [--put FILE]... [--without-ghpass]
        The same machine with its console on this terminal.
  clean
        Removes everything that the lab has built or fetched.

  --kernel    ${KERNELS.join(' | ')}   (default ${KERNELS[0]})
  --userland  ${USERLANDS.join(' | ')}   (default ${USERLANDS[0]})
  --host      a file under lab/hosts/, or the path of one like them (default gh200)

exit status: that of the script; 124 it ran out of time, 125 the lab failed, 130 interrupted
`;

const EXIT_LAB_FAILED = 125;
const EXIT_INTERRUPTED = 130;

const MACHINE_OPTIONS = {
  kernel: { type: 'string', default: KERNELS[0] },
  userland: { type: 'string', default: USERLANDS[0] },
  'without-ghpass': { type: 'boolean', default: false },
} as const;

interface Cli {
  readonly args: string[];
  readonly signal: AbortSignal;
  readonly report: (phase: string) => void;
  /** No more progress after that. */
  readonly endProgress: () => void;
}

const COMMANDS: Readonly<Record<string, (cli: Cli) => Promise<number>>> = {
  build: buildCommand,
  run: runCommand,
  shell: shellCommand,
  clean: cleanCommand,
};

async function buildCommand({ args, ...cli }: Cli): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { ...MACHINE_OPTIONS, only: { type: 'string' }, refresh: { type: 'boolean', default: false } },
  });
  const lab = createLabContext(cli);
  if (values.refresh) await forgetAptWorlds(lab);
  if (values.only !== undefined) {
    const artifact = oneOf('--only', values.only, artifactsByName());
    await ensureArtifacts([artifact], lab);
    return 0;
  }
  const selected = selectArtifacts({ ...selection(values), withGhpass: !values['without-ghpass'] });
  await ensureArtifacts(Object.values(selected), lab);
  return 0;
}

async function runCommand({ args, report, signal }: Cli): Promise<number> {
  const { options, script, rest } = splitAtScript(args);
  const { values } = parseArgs({
    args: options,
    options: {
      ...MACHINE_OPTIONS,
      host: { type: 'string', default: 'gh200' },
      out: { type: 'string' },
      put: { type: 'string', multiple: true, default: [] },
      timeout: { type: 'string', default: '600' },
    },
  });
  const result = await runInLab({
    ...selection(values),
    withGhpass: !values['without-ghpass'],
    host: values.host,
    script: await readScript(script),
    args: rest,
    put: values.put,
    ...(values.out === undefined ? {} : { outDirectory: values.out }),
    timeoutSeconds: positiveInteger('--timeout', values.timeout),
    signal,
    onStdout: (data) => process.stdout.write(data),
    onStderr: (data) => process.stderr.write(data),
    onPhase: report,
  });
  report(`done: exit status ${result.status}, L1 ran for ${result.seconds.toFixed(1)} s`);
  return result.status;
}

async function shellCommand({ args, endProgress, ...cli }: Cli): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...MACHINE_OPTIONS,
      host: { type: 'string', default: 'gh200' },
      put: { type: 'string', multiple: true, default: [] },
    },
  });
  if (!process.stdin.isTTY) throw new LabError('lab shell wants a terminal', ['npm run lab -- run SCRIPT']);
  await shellInLab(createLabContext(cli), {
    ...selection(values),
    withGhpass: !values['without-ghpass'],
    host: values.host,
    put: values.put,
    onTerminal: endProgress,
  });
  return 0;
}

async function cleanCommand({ args, report }: Cli): Promise<number> {
  parseArgs({ args, options: {} });
  const directory = labCacheDirectory();
  report(`removing ${directory}`);
  await rm(directory, { recursive: true, force: true });
  return 0;
}

function selection(values: { kernel: string; userland: string }): { kernel: Kernel; userland: Userland } {
  return {
    kernel: oneOf('--kernel', values.kernel, new Map(KERNELS.map((name) => [name, name]))),
    userland: oneOf('--userland', values.userland, new Map(USERLANDS.map((name) => [name, name]))),
  };
}

function oneOf<T>(option: string, name: string, choices: ReadonlyMap<string, T>): T {
  const choice = choices.get(name);
  if (choice !== undefined) return choice;
  throw new LabError(`${option} ${name}: there is no such choice`, [`one of: ${[...choices.keys()].join(', ')}`]);
}

function positiveInteger(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new LabError(`${option} ${text}: wants a whole number of seconds, 1 or more`);
}

/** Options end at the script: what follows is the script's own, whatever it looks like. */
function splitAtScript(args: readonly string[]): { options: string[]; script: string; rest: string[] } {
  const flags = new Set(['--without-ghpass']);
  let index = 0;
  while (index < args.length) {
    const arg = args[index] as string;
    if (!arg.startsWith('--') || arg === '--') break;
    index += flags.has(arg) || arg.includes('=') ? 1 : 2;
  }
  const start = args[index] === '--' ? index + 1 : index;
  const script = args[start];
  if (script === undefined) throw new LabError('lab run wants a script', ['npm run lab -- run - < SCRIPT']);
  return { options: args.slice(0, index), script, rest: args.slice(start + 1) };
}

async function main(argv: readonly string[]): Promise<number> {
  const [name = '', ...args] = argv;
  const command = COMMANDS[name];
  if (command === undefined) {
    process.stderr.write(USAGE);
    return name === '--help' ? 0 : EXIT_LAB_FAILED;
  }
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interruption.abort());
  const progress = startProgress((line) => process.stderr.write(line));
  try {
    return await command({ args, signal: interruption.signal, report: progress.report, endProgress: progress.end });
  } catch (error) {
    if (interruption.signal.aborted) return EXIT_INTERRUPTED;
    if (error instanceof LabError) process.stderr.write(formatLabError(error));
    else if (isParseArgsError(error)) process.stderr.write(`✖ ${error.message}\n${USAGE}`);
    else throw error;
    return EXIT_LAB_FAILED;
  } finally {
    progress.end();
  }
}

function isParseArgsError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

process.exitCode = await main(process.argv.slice(2));
