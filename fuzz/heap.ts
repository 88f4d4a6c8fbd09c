import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How much more may be in use at the end of a run than after its first tenth. What leaks 17 bytes an input is found. */
const MAX_GROWTH_BYTES = 16 << 20;

/** Bytes that are still in use after everything that can go has gone: V8's heap, and buffers outside of it. */
export function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What was in use in the course of a run. */
export interface HeapWatch {
  /** After the first tenth: code is compiled by then and caches are full. */
  earlyBytes: number;
  endBytes: number;
}

/** Whether a run kept more and more. */
export function hasGrown({ earlyBytes, endBytes }: HeapWatch): boolean {
  return endBytes - earlyBytes > MAX_GROWTH_BYTES;
}
