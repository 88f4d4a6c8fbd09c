import { expect, test } from 'vitest';
import { LAB_TEST_TIMEOUT_MS, runStepsInLab } from './harness.ts';
import { HOST_STATE, PRISTINE } from './host-state.ts';

const GPU = '0000:01:00.0';
const EINVAL = 22;
/** What `gh200-odd` has: usable memory in blocks of 512 MiB, and reserved memory that ends with a page of its own. */
const USABLE_BYTES = 0x4000_0000;
const RESERVED_BYTES = 0x5f12_3000;

interface Area {
  region: number;
  size: number;
  mapping: string;
  rounds: { errors: { words: number } }[];
  edges: {
    mapBeyond: number;
    padding: { data: string; dataAgain: string; write: { errno: number } }[];
    readAtEnd: { errno: number };
    writeAtEnd: { errno: number };
  };
}

test(
  'the memory of a real driver: what is in it, what is behind it, and zeros in all of it',
  async () => {
    const { step } = await runStepsInLab({
      kernel: 'full',
      userland: 'trixie',
      host: 'gh200-odd',
      steps: {
        bind: `ghpass bind ${GPU}`,
        unasked: `ghpass probe --memory quick < /dev/null`,
        quick: `ghpass probe --memory quick --destructive --json`,
        scrub: `ghpass scrub ${GPU} --destructive`,
        release: `ghpass release ${GPU}`,
        state: HOST_STATE,
      },
    });
    expect(step('unasked')).toMatchObject({ status: 2, stderr: expect.stringContaining('confirmation-missing') });
    const { status, stdout, stderr } = step('quick');
    expect(status, stderr).toBe(0);
    const { areas } = JSON.parse(stdout).result.gpus[0].memory as { areas: Area[] };
    const shapes = areas.map(({ region, size, mapping }) => ({ region, size, mapping }));
    expect(shapes.toSorted((a, b) => a.region - b.region)).toEqual([
      { region: 2, size: RESERVED_BYTES, mapping: 'combined' },
      { region: 4, size: USABLE_BYTES, mapping: 'cached' },
    ]);
    for (const { rounds, edges } of areas) {
      expect(rounds.map(({ errors }) => errors.words)).toEqual([0, 0]);
      expect(edges.mapBeyond).toBe(EINVAL);
      expect(edges.padding.length).toBeGreaterThan(0);
      for (const { data, dataAgain, write } of edges.padding) {
        expect([write.errno, data, dataAgain]).toEqual([0, expect.stringMatching(/^f+$/), data]);
      }
      expect([edges.readAtEnd.errno, edges.writeAtEnd.errno]).toEqual([EINVAL, EINVAL]);
    }
    expect(step('scrub')).toMatchObject({ status: 0, stdout: expect.stringMatching(/ no word is wrong\n$/) });
    expect(step('state').stdout).toBe(PRISTINE);
  },
  LAB_TEST_TIMEOUT_MS,
);
