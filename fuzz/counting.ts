import { workerData } from 'node:worker_threads';
import { COUNTERS, Coverage } from './coverage.ts';
import type { WorkerOrder } from './worker.ts';

/** Made when this is imported, which is before anything that is counted: instrumented modules look for it at their start. */
export const coverage = new Coverage((workerData as WorkerOrder).blockCount);

(globalThis as unknown as Record<string, Uint8ClampedArray>)[COUNTERS] = coverage.counters;
