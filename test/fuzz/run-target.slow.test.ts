import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type RunOptions, runTarget } from '../../fuzz/run-target.ts';
import type { FuzzTarget } from '../../fuzz/target.ts';
import { findTarget } from '../../fuzz/targets/index.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { target as hang } from './fixtures/hang.ts';
import { target as hiddenCrash } from './fixtures/hidden-crash.ts';
import { target as leak } from './fixtures/leak.ts';
import { target as never } from './fixtures/never.ts';

const options = (changes: Partial<RunOptions> = {}): RunOptions => ({
  seed: 1,
  runs: 2000,
  seconds: null,
  deadlineMs: 2000,
  directory: temporaryDirectory(),
  fresh: false,
  ...changes,
});
const ofFixture = (target: FuzzTarget, changes: Partial<RunOptions> = {}) =>
  runTarget(target, join(import.meta.dirname, 'fixtures', `${target.name}.ts`), options(changes));

/** Blocks are numbered as the bundler comes by their files, which is another order each time. */
const enteredPlaces = ({ report, blocks }: Awaited<ReturnType<typeof runTarget>>) =>
  report?.entered.map((i) => `${blocks[i]?.file}:${blocks[i]?.line}`).toSorted();

describe('the fuzzer finds', { timeout: 60_000 }, () => {
  test('an error behind several conditions, for it is led by what an input reaches; the input is made short', async () => {
    const { finding, blocks, missed } = await ofFixture(hiddenCrash, { runs: 200_000 });
    expect(finding).toMatchObject({ kind: 'error', message: expect.stringMatching(/^Error: two capabilities\n/) });
    expect(() => hiddenCrash.run(new Uint8Array(readFileSync(finding?.path ?? '')))).toThrow('two capabilities');
    expect(missed.length).toBeLessThan(blocks.length);
  });

  test('an input that is computed for ever, and what it was', async () => {
    const { finding, report } = await ofFixture(hang, { deadlineMs: 300 });
    expect(finding).toMatchObject({ kind: 'hang', message: expect.stringMatching(/^one input takes \d+ ms, /) });
    expect((readFileSync(finding?.path ?? '')[0] ?? 0) % 2).toBe(1);
    expect(report).toBeNull();
  });

  test('an input that waits for ever', async () => {
    const { finding } = await ofFixture(never, { deadlineMs: 100 });
    expect(finding).toMatchObject({ kind: 'hang' });
    expect([...readFileSync(finding?.path ?? '')]).toEqual([7]);
  });

  test('memory that is kept', async () => {
    const { finding } = await ofFixture(leak, { runs: 1000 });
    expect(finding).toMatchObject({
      kind: 'memory',
      message: expect.stringMatching(/^in use grew from \d+ to \d+ bytes$/),
      path: null,
    });
  });
});

test('a run is the same for the same seed, and goes on where the last one was', { timeout: 60_000 }, async () => {
  const { target, module } = findTarget('structs');
  const first = options();
  const [one, other] = [await runTarget(target, module, first), await runTarget(target, module, options())];
  expect(one.finding).toBeNull();
  expect(one.report?.runs).toBe(2000);
  expect(other.report?.entered.length).toBe(one.report?.entered.length);
  expect(other.report?.corpusSize).toBe(one.report?.corpusSize);
  const further = await runTarget(target, module, { ...first, runs: 40 });
  expect(enteredPlaces(further)).toEqual(enteredPlaces(one));
});
