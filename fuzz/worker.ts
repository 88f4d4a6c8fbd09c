import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { Coverage } from './coverage.ts';
import { fuzz } from './engine.ts';
import { bytesInUse, type HeapWatch } from './heap.ts';
import { inputName } from './inputs.ts';
import { minimize } from './minimize.ts';
import { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** What a worker is told. */
export interface WorkerOrder {
  seed: number;
  runs: number;
  endAtMs: number | null;
  initial: Uint8Array[];
  words: Uint8Array[];
  blockCount: number;
  /** Where inputs that do something new are kept. */
  corpusDirectory: string;
  /** Number of the input that is being read, its length, and the input: what is left of a worker that hangs. */
  current: SharedArrayBuffer;
}

/** What it answers when it has come to its end. */
export interface WorkerReport {
  runs: number;
  elapsedMs: number;
  /** Processor time of the whole process: on a busy machine the clock says little. */
  cpuMs: number;
  corpusSize: number;
  heap: HeapWatch;
  entered: number[];
  failure: { input: Uint8Array; message: string } | null;
}

/** Start of the input in the memory that is shared, behind its number and its length. */
export const INPUT_OFFSET = 8;

/** Fuzzes a target in a thread of its own, so that it can be ended. The bundle of each target calls this. */
export async function work(target: FuzzTarget, coverage: Coverage): Promise<void> {
  const order = workerData as WorkerOrder;
  /** Half of the time would go into stacks that nobody reads; a replay shows the whole one. */
  Error.stackTraceLimit = 2;
  const head = new Int32Array(order.current, 0, 2);
  const bytes = new Uint8Array(order.current, INPUT_OFFSET);
  /** What ran while the modules were loaded belongs to no input. */
  coverage.reset();
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  const { failure, ...result } = await fuzz(target, {
    ...order,
    random: new Random(order.seed),
    coverage,
    bytesInUse,
    onInput(input) {
      bytes.set(input);
      head[1] = input.length;
      Atomics.add(head, 0, 1);
    },
    onNew: (input) => writeFileSync(join(order.corpusDirectory, inputName(input)), input),
  });
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuStart);
  const report: WorkerReport = {
    ...result,
    elapsedMs,
    cpuMs: (user + system) / 1000,
    entered: coverage.entered(),
    failure: failure && {
      input: await minimize(target, failure.input, failure.error),
      message: failure.error instanceof Error ? (failure.error.stack ?? failure.error.message) : String(failure.error),
    },
  };
  parentPort?.postMessage(report);
}
