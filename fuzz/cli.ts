import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fuzzHelperNames, HELPER_NAMES } from './helper-names.ts';
import { fuzzDirectory } from './inputs.ts';
import { type Outcome, type RunOptions, runTarget } from './run-target.ts';
import { findTarget, TARGETS } from './targets/index.ts';

const USAGE = `usage: npm run fuzz -- [--target NAME[,NAME]] [--runs N] [--seconds S] [--seed N] [--deadline MS] [--fresh] [--missed]
       npm run fuzz -- --target NAME --replay FILE

  --target    ${[...TARGETS.map(({ name }) => name), HELPER_NAMES].join(', ')}   (default: all)
  --runs      inputs for each target (default 1000000)
  --seconds   ends each target after that time, whatever is left of its runs
  --seed      of the random numbers (default: another each time, and printed)
  --deadline  processor time that one input may take, in ms (default 2000)
  --fresh     starts from the seeds, without the inputs of earlier runs
  --missed    names the lines that no input reached
  --replay    gives one input to a target, without counters, and shows what it throws

exit status: 0 nothing found, 1 something found, 2 wrong usage
`;

const OPTIONS = {
  target: { type: 'string' },
  runs: { type: 'string', default: '1000000' },
  seconds: { type: 'string' },
  seed: { type: 'string' },
  deadline: { type: 'string', default: '2000' },
  fresh: { type: 'boolean', default: false },
  missed: { type: 'boolean', default: false },
  replay: { type: 'string' },
} as const;

async function main(args: string[]): Promise<number> {
  let values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
  try {
    ({ values } = parseArgs({ args, options: OPTIONS }));
  } catch (error) {
    return wrongUsage((error as Error).message);
  }
  const known = [...TARGETS.map(({ name }) => name), HELPER_NAMES];
  const names = values.target?.split(',') ?? known;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) return wrongUsage(`no such target: ${unknown}`);
  if (values.replay !== undefined) return replay(names, values.replay);

  const numbers = [values.runs, values.deadline, values.seconds ?? '1', values.seed ?? '0'].map(Number);
  if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return wrongUsage('not a whole number');
  const options: RunOptions = {
    seed: values.seed === undefined ? Date.now() % 0x8000_0000 : Number(values.seed),
    runs: Number(values.runs),
    seconds: values.seconds === undefined ? null : Number(values.seconds),
    deadlineMs: Number(values.deadline),
    directory: fuzzDirectory(),
    fresh: values.fresh,
  };
  say(`seed ${options.seed}; inputs are kept in ${options.directory}`);
  let found = false;
  for (const name of names) {
    const isFine = name === HELPER_NAMES ? fuzzHelperNames(options, say) : await runOne(name, options, values.missed);
    found ||= !isFine;
  }
  return found ? 1 : 0;
}

async function runOne(name: string, options: RunOptions, isMissedWanted: boolean): Promise<boolean> {
  const { target, module } = findTarget(name);
  const outcome = await runTarget(target, module, options);
  say(summary(name, outcome));
  if (isMissedWanted) for (const { file, line } of outcome.missed) say(`  missed: ${file}:${line}`);
  const { finding } = outcome;
  if (finding === null) return true;
  say(`✖ ${name}: ${finding.kind}: ${finding.message}`);
  if (finding.path) say(`  Try this: npm run fuzz -- --target ${name} --replay ${finding.path}`);
  else say(`  Try this: npm run fuzz -- --target ${name} --seed ${options.seed} --runs ${options.runs} --fresh`);
  return false;
}

function summary(name: string, { report, blocks, missed }: Outcome): string {
  if (report === null) return `${name}: ended`;
  const { runs, elapsedMs, cpuMs, corpusSize, heap } = report;
  const per = (milliseconds: number) => Math.round((1000 * runs) / milliseconds);
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return [
    `${name}: ${runs} inputs`,
    `${per(elapsedMs)} per second`,
    `${per(cpuMs)} per second of processor time`,
    `${blocks.length - missed.length} of ${blocks.length} blocks`,
    `${corpusSize} inputs kept`,
    `in use ${mib(heap.earlyBytes)}, at the end ${mib(heap.endBytes)}`,
  ].join(', ');
}

async function replay(names: readonly string[], path: string): Promise<number> {
  const [name = ''] = names;
  if (names.length !== 1 || name === HELPER_NAMES) return wrongUsage('--replay needs one --target');
  const { target } = findTarget(name);
  const start = performance.now();
  try {
    await target.run(new Uint8Array(readFileSync(path)));
    say(`${name}: nothing thrown, ${Math.round(performance.now() - start)} ms`);
    return 0;
  } catch (error) {
    say(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
    return 1;
  }
}

function wrongUsage(message: string): number {
  process.stderr.write(`✖ ${message}\n${USAGE}`);
  return 2;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main(process.argv.slice(2));
