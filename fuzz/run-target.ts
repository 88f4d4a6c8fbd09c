import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { hasGrown } from './heap.ts';
import { keepFailure, readInputs } from './inputs.ts';
import { type Block, bundleInstrumented } from './instrument.ts';
import type { FuzzTarget } from './target.ts';
import { wordBytes } from './words.ts';
import { INPUT_OFFSET, type WorkerOrder, type WorkerReport } from './worker.ts';

/** Bundles lie below node_modules, so that they find packages. */
const BUNDLES = join(import.meta.dirname, '../node_modules/.cache/ghpass-fuzz');

const WATCH_MS = 250;
/** An input for which nothing is computed, because something never comes, gets so many times its deadline. */
const IDLE_PATIENCE = 10;
const MAX_HEAP_MIB = 512;
const MAX_PROCESS_BYTES = 2 ** 31;

export interface RunOptions {
  seed: number;
  runs: number;
  seconds: number | null;
  /** Processor time that one input may take. */
  deadlineMs: number;
  /** Where inputs are kept from run to run. */
  directory: string;
  /** Start from the seeds alone. */
  fresh: boolean;
}

export interface Outcome {
  /** Null where a worker had to be ended. */
  report: WorkerReport | null;
  /** Blocks of the target's sources, and those that no input reached. */
  blocks: Block[];
  missed: Block[];
  finding: Finding | null;
}

/** What a target may not do, and the input with which it does. */
export interface Finding {
  kind: 'error' | 'hang' | 'memory';
  message: string;
  /** Where the input lies; null where no single input is to blame. */
  path: string | null;
}

/**
 * Fuzzes one target in a thread that is ended where an input takes too long or too much memory.
 * @param module of the target, relative to `fuzz/`; it exports `target`.
 */
export async function runTarget(target: FuzzTarget, module: string, options: RunOptions): Promise<Outcome> {
  const corpusDirectory = join(options.directory, target.name);
  const bundle = join(BUNDLES, `${target.name}-${process.pid}.mjs`);
  try {
    const { blocks, words } = await bundleInstrumented(entryOf(module), bundle);
    const kept = readInputs(corpusDirectory);
    const order: WorkerOrder = {
      seed: options.seed,
      runs: options.runs,
      endAtMs: options.seconds === null ? null : Date.now() + options.seconds * 1000,
      initial: options.fresh ? target.seeds() : [...target.seeds(), ...kept],
      words: wordBytes([...words, ...(target.words ?? [])]),
      blockCount: blocks.length,
      corpusDirectory,
      current: new SharedArrayBuffer(INPUT_OFFSET + target.maxBytes),
    };
    mkdirSync(corpusDirectory, { recursive: true });
    const result = await watch(bundle, order, options.deadlineMs);
    const inSources = ({ file }: Block) => target.sources.some((source) => file.startsWith(`src/${source}`));
    const entered = new Set('report' in result ? result.report.entered : []);
    return {
      report: 'report' in result ? result.report : null,
      blocks: blocks.filter(inSources),
      missed: blocks.filter((block, i) => inSources(block) && !entered.has(i)),
      finding: findingOf(result, join(options.directory, 'failures', target.name)),
    };
  } finally {
    rmSync(bundle, { force: true });
  }
}

function entryOf(module: string): string {
  return [
    "import { coverage } from './counting.ts';",
    `import { target } from ${JSON.stringify(module)};`,
    "import { work } from './worker.ts';",
    'await work(target, coverage);',
  ].join('\n');
}

type Ended = { report: WorkerReport } | { kind: Finding['kind']; message: string; input: Uint8Array };

async function watch(bundle: string, order: WorkerOrder, deadlineMs: number): Promise<Ended> {
  const worker = new Worker(bundle, {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  const watching = new Watch(order.current, deadlineMs);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Ended>((resolve) => {
      const fail = (kind: Finding['kind'], message: string) => resolve({ kind, message, input: watching.input() });
      worker.on('message', (report: WorkerReport) => resolve({ report }));
      worker.on('error', (error: NodeJS.ErrnoException) => {
        fail(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'error', error.stack ?? error.message);
      });
      worker.on('exit', (status) => fail('error', `the thread ended with status ${status}`));
      timer = setInterval(() => {
        const tooLong = watching.tooLong();
        if (tooLong !== null) fail('hang', tooLong);
        const bytes = process.memoryUsage.rss();
        if (bytes > MAX_PROCESS_BYTES) fail('memory', `the process has ${Math.round(bytes / 2 ** 20)} MiB`);
      }, WATCH_MS);
    });
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}

/** What a thread is doing, seen from outside. */
class Watch {
  private number = -1;
  private sinceMs = 0;
  private sinceCpuMs = 0;
  private readonly head: Int32Array;

  constructor(
    private readonly current: SharedArrayBuffer,
    private readonly deadlineMs: number,
  ) {
    this.head = new Int32Array(current, 0, 2);
  }

  /** The input that is being read. */
  input(): Uint8Array {
    return new Uint8Array(this.current.slice(INPUT_OFFSET, INPUT_OFFSET + (this.head[1] ?? 0)));
  }

  /** Processor time counts, because a machine may be busy with others; null while all is well. */
  tooLong(): string | null {
    const number = Atomics.load(this.head, 0);
    const { user, system } = process.cpuUsage();
    const [nowMs, cpuMs] = [performance.now(), (user + system) / 1000];
    if (number !== this.number || number === 0) {
      this.number = number;
      [this.sinceMs, this.sinceCpuMs] = [nowMs, cpuMs];
      return null;
    }
    const [elapsedMs, usedMs] = [nowMs - this.sinceMs, cpuMs - this.sinceCpuMs];
    if (usedMs <= this.deadlineMs && elapsedMs <= IDLE_PATIENCE * this.deadlineMs) return null;
    return `one input takes ${Math.round(elapsedMs)} ms, ${Math.round(usedMs)} ms of them computing`;
  }
}

function findingOf(result: Ended, directory: string): Finding | null {
  if (!('report' in result)) {
    const { kind, message, input } = result;
    return { kind, message, path: keepFailure(directory, kind, input) };
  }
  const { failure, heap } = result.report;
  if (failure) return { kind: 'error', message: failure.message, path: keepFailure(directory, 'error', failure.input) };
  if (!hasGrown(heap)) return null;
  return { kind: 'memory', message: `in use grew from ${heap.earlyBytes} to ${heap.endBytes} bytes`, path: null };
}
