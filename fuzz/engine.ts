import { setImmediate as turn } from 'node:timers/promises';
import type { Coverage } from './coverage.ts';
import type { HeapWatch } from './heap.ts';
import { type Material, mutateBytes } from './mutate-bytes.ts';
import { mutateJson } from './mutate-json.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

export interface EngineOptions {
  random: Random;
  runs: number;
  /** When to end, whatever is left to be done (`Date.now()`); null for never. */
  endAtMs: number | null;
  /** Inputs that are tried first, as they are; the seeds among them. */
  initial: readonly Uint8Array[];
  words: readonly Uint8Array[];
  /** Null where the target counts nothing: then no input is better than another. */
  coverage: Coverage | null;
  /** Measures what is in use; takes as long as thousands of inputs. */
  bytesInUse(): number;
  /** Called before each input. */
  onInput(input: Uint8Array): void;
  /** Called for each input that does something new. */
  onNew(input: Uint8Array): void;
}

export interface EngineResult {
  runs: number;
  corpusSize: number;
  heap: HeapWatch;
  /** What a target threw that it may not throw, and for which input. */
  failure: { input: Uint8Array; error: unknown } | null;
}

/** What Node puts off, the end of a stream for one, waits for the event loop and would look like a leak. */
const RUNS_BETWEEN_TURNS = 256;

/** Gives a target inputs until one fails, or until there were enough. Deterministic, but for the end by time. */
export async function fuzz(target: FuzzTarget, options: EngineOptions): Promise<EngineResult> {
  const { random, coverage } = options;
  const material = { corpus: [] as Uint8Array[], words: options.words, maxBytes: target.maxBytes };
  const pending = options.initial.map((input) => input.subarray(0, target.maxBytes)).reverse();
  const tenth = Math.max(1, Math.floor(options.runs / 10));
  const result: EngineResult = { runs: 0, corpusSize: 0, heap: { earlyBytes: 0, endBytes: 0 }, failure: null };
  const kept = (input: Uint8Array) => {
    const isNew = coverage === null ? pending.length > 0 || material.corpus.length === 0 : coverage.takeIn();
    if (!isNew) return;
    material.corpus.push(input);
    options.onNew(input);
  };
  /** The inputs that are kept are the engine's own, and not what the target keeps. */
  const bytesOfTarget = () => options.bytesInUse() - material.corpus.reduce((sum, { length }) => sum + length, 0);

  while (result.runs < options.runs && !isOver(options.endAtMs, result.runs)) {
    const input = pending.pop() ?? mutate(target, random, material);
    options.onInput(input);
    try {
      const running = target.run(input);
      if (running instanceof Promise) await running;
    } catch (error) {
      result.failure = { input, error };
      break;
    }
    kept(input);
    result.runs += 1;
    if (result.runs % RUNS_BETWEEN_TURNS === 0) await turn();
    if (result.runs === tenth) result.heap.earlyBytes = bytesOfTarget();
  }
  result.heap.endBytes = bytesOfTarget();
  if (result.heap.earlyBytes === 0) result.heap.earlyBytes = result.heap.endBytes;
  result.corpusSize = material.corpus.length;
  return result;
}

function mutate(target: FuzzTarget, random: Random, material: Material): Uint8Array {
  const { corpus } = material;
  if (corpus.length === 0) return mutateBytes(new Uint8Array(), random, material);
  const newest = Math.max(1, corpus.length >> 2);
  const from = random.oneIn(2) ? corpus.length - newest : 0;
  const input = corpus[from + random.below(corpus.length - from)] ?? new Uint8Array();
  return target.form === 'json' ? mutateJson(input, random, material) : mutateBytes(input, random, material);
}

/** The clock is asked now and then: asking takes as long as some inputs do. */
function isOver(endAtMs: number | null, runs: number): boolean {
  return endAtMs !== null && runs % 64 === 0 && Date.now() >= endAtMs;
}
