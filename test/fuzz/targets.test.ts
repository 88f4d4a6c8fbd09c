import { expect, test } from 'vitest';
import { fuzz } from '../../fuzz/engine.ts';
import { Random } from '../../fuzz/random.ts';
import { TARGETS } from '../../fuzz/targets/index.ts';
import { wordBytes } from '../../fuzz/words.ts';

/** Enough to see that a target still runs; `npm run fuzz` is what looks for something. */
const RUNS = 400;

test.each(TARGETS.map((target) => [target.name, target] as const))(
  '%s takes its seeds and some hundred changed inputs',
  async (_name, target) => {
    const seeds = target.seeds();
    const { failure, runs } = await fuzz(target, {
      random: new Random(1),
      runs: seeds.length + RUNS,
      endAtMs: null,
      initial: seeds,
      words: wordBytes(target.words ?? []),
      coverage: null,
      bytesInUse: () => 0,
      onInput: () => undefined,
      onNew: () => undefined,
    });
    expect(failure).toBeNull();
    expect(runs).toBe(seeds.length + RUNS);
    expect(seeds.every(({ length }) => length <= target.maxBytes)).toBe(true);
  },
  60_000,
);
