import { beforeAll, describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { MEMORY_CHECKS } from '../../src/checks/memory/index.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import type { GpuFacts } from '../../src/vfio/gpu.ts';
import { parseMemoryAnswer } from '../../src/vfio/memory-answer.ts';
import { type MemoryMode, memoryAreas } from '../../src/vfio/memory-validation.ts';
import { ADDRESS, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import {
  NO_ERRORS,
  NO_PADDING,
  printedAnswer,
  printedPadding,
  printedReserved,
  printedRound,
  printedUsable,
} from '../fixtures/memory-answer.ts';

let gpu: GpuFacts;
beforeAll(async () => {
  const { gpus } = await collectGpus(openMadeUp(graceHost([hopper()])), [], { open: true });
  gpu = gpus[0] as GpuFacts;
});

const GIB = 2 ** 30;
const SCRAP = [
  'take the GPU out of service',
  'dmesg | grep -i -e "hardware error" -e "memory failure"',
  'power-cycle the host, run the validation again, and report the board to its vendor if it says the same',
];
const NO_GUEST = ['give the GPU to no guest, and report the kernel to its vendor: uname -r'];
const DMESG = [`dmesg | grep -e ${ADDRESS} -e vfio`];

/** The findings, but for what is the same in all of them. */
function findings(answer: object | null, mode: MemoryMode = 'full', facts: GpuFacts = gpu) {
  const parsed = answer === null ? null : parseMemoryAnswer(JSON.stringify(answer));
  const validation = { mode, areas: memoryAreas(facts), answer: parsed };
  return assess(MEMORY_CHECKS, { gpu: facts, validation }).map(({ id, severity, subject, message, remedy }) => {
    expect(subject).toBe(ADDRESS);
    return { id, severity, message, remedy };
  });
}

const ofUsable = (changes: object) => findings(printedAnswer({ areas: [printedUsable(changes), printedReserved()] }));
const edges = (changes: object) => ofUsable({ edges: { ...printedUsable().edges, ...changes } });
const rounds = (plain: object, inverted: object) =>
  ofUsable({ rounds: [printedRound('address', 93.5 * GIB, plain), printedRound('inverted', 93.5 * GIB, inverted)] });

test('memory that is as it should be has nothing to be said about', () => {
  expect(findings(printedAnswer())).toEqual([]);
});

test('memory that was scrubbed has no edges, and nothing to be said about', () => {
  const zero = { rounds: [printedRound('zero', GIB)], edges: null, after: null };
  expect(findings(printedAnswer({ areas: [printedUsable(zero), printedReserved(zero)] }), 'scrub')).toEqual([]);
});

describe('bit errors', () => {
  test('a bit that is stuck', () => {
    const first = { offset: '0x1008', expected: '0x40000001008', actual: '0x40000001018' };
    const mask = { setBits: 1, setMask: '0x10' };
    expect(rounds({ words: 1, ...mask, first }, {})).toEqual([
      {
        id: 'memory.bit-errors',
        severity: 'fail',
        message:
          'region 4: 1 of 12549357568 words are wrong with the pattern address (1 × bit 4 read 1 where 0 was written), first at 0x1008 0x40000001008 was written and 0x40000001018 is read',
        remedy: SCRAP,
      },
    ]);
  });

  test('a data line that is stuck, in both patterns, and bits of both kinds', () => {
    const first = { offset: '0x0', expected: '0x40000000000', actual: '0x400000100000' };
    const stuck = { words: 4, setBits: 4, setMask: '0x700000', clearedBits: 2, clearedMask: '0x1', first };
    const [finding, ...others] = rounds(stuck, stuck);
    expect(others).toEqual([]);
    expect(finding?.id).toBe('memory.bit-errors');
    expect(finding?.message).toContain(
      '(4 × bit 20-22 read 1 where 0 was written, 2 × bit 0 read 0 where 1 was written)',
    );
    expect(finding?.message).toContain('with the pattern inverted');
  });

  test('words that do not become zero', () => {
    const first = { offset: '0x8', expected: '0x0', actual: '0x1' };
    const round = printedRound('zero', GIB, { words: 1, setBits: 1, setMask: '0x1', first });
    const areas = [printedReserved({ rounds: [round], edges: null, after: null })];
    expect(findings(printedAnswer({ areas }), 'scrub').map(({ id, message }) => [id, message])).toEqual([
      [
        'memory.bit-errors',
        'region 2: 1 of 134217728 words are wrong with the pattern zero (1 × bit 0 read 1 where 0 was written), first at 0x8 0x0 was written and 0x1 is read',
      ],
    ]);
  });
});

describe('aliases', () => {
  const plain = { words: 512, setBits: 512, setMask: '0x100000' };
  const inverted = { words: 512, clearedBits: 512, clearedMask: '0x100000' };

  test('a dead address line', () => {
    expect(
      rounds(
        { ...plain, first: { offset: '0x0', expected: '0x40000000000', actual: '0x40000100000' } },
        { ...inverted, first: { offset: '0x0', expected: '0xfffffbffffffffff', actual: '0xfffffbffffefffff' } },
      ),
    ).toEqual([
      {
        id: 'memory.aliased',
        severity: 'fail',
        message:
          'region 4: 512 words are found at two addresses; 0x0 holds what was written to 0x100000 of region 4, apart by 0x100000: these lines of the address do not work',
        remedy: SCRAP,
      },
    ]);
  });

  test('two regions that are one memory', () => {
    const [finding] = rounds(
      { ...plain, first: { offset: '0x0', expected: '0x40000000000', actual: '0x20000000000' } },
      { ...inverted, first: { offset: '0x0', expected: '0xfffffbffffffffff', actual: '0xfffffdffffffffff' } },
    );
    expect(finding?.message).toBe(
      'region 4: 512 words are found at two addresses; 0x0 holds what was written to 0x0 of region 2, in another region',
    );
  });

  test('an address that is in no area is a bit error', () => {
    const found = rounds(
      { ...plain, first: { offset: '0x0', expected: '0x40000000000', actual: '0x50000000000' } },
      { ...inverted, first: { offset: '0x0', expected: '0xfffffbffffffffff', actual: '0xfffffaffffffffff' } },
    );
    expect(found.map(({ id }) => id)).toEqual(['memory.bit-errors']);
  });
});

describe('memory that is not reached', () => {
  test('nothing behind a mapping', () => {
    const error = { step: 'memory-access', errno: 0, path: '/dev/vfio/12' };
    const areas = [printedUsable({ busError: { offset: '0x500000', code: 2 }, edges: null, after: null })];
    expect(findings(printedAnswer({ areas, error }))).toEqual([
      {
        id: 'memory.short-mapping',
        severity: 'fail',
        message: 'region 4: of 93.5 GiB that are mapped, nothing is at 0x500000 (SIGBUS, code 2)',
        remedy: DMESG,
      },
    ]);
  });

  test.each([
    ['before a pass has begun', []],
    ['in the first pass', [printedRound('address', 0)]],
  ])('nothing at the first access of all, %s', (_what, rounds) => {
    const error = { step: 'memory-access', errno: 0, path: '/dev/vfio/12' };
    const unfinished = { edges: null, after: null };
    const areas = [
      printedUsable({ rounds, busError: { offset: '0x0', code: 2 }, ...unfinished }),
      printedReserved({ rounds: [], ...unfinished }),
    ];
    expect(findings(printedAnswer({ areas, error }))).toEqual([
      {
        id: 'reset.first-access',
        severity: 'fail',
        message:
          'region 4: the first access after the reset, at 0x0, was refused (SIGBUS, code 2): the device was not ready, or nothing is behind the mapping',
        remedy: [
          `ghpass probe ${ADDRESS} --memory quick --destructive   # once more: the link may train late`,
          `dmesg | grep -e ${ADDRESS} -e nvgrace`,
          'power-cycle the host, if it says the same',
        ],
      },
    ]);
  });

  test('nothing behind the first page is a short mapping, though the first few MiB are written at once', () => {
    const error = { step: 'memory-access', errno: 0, path: '/dev/vfio/12' };
    const busError = { offset: '0x1000', code: 2 };
    const areas = [printedUsable({ rounds: [printedRound('address', 0)], busError, edges: null, after: null })];
    expect(findings(printedAnswer({ areas, error })).map(({ id }) => id)).toEqual(['memory.short-mapping']);
  });

  test('memory that failed at the first access is memory that failed', () => {
    const error = { step: 'memory-access', errno: 0, path: '/dev/vfio/12' };
    const busError = { offset: '0x0', code: 4 };
    const areas = [printedUsable({ rounds: [], busError, edges: null, after: null })];
    expect(findings(printedAnswer({ areas, error })).map(({ id }) => id)).toEqual(['memory.uncorrectable']);
  });

  test('memory that failed', () => {
    const error = { step: 'memory-access', errno: 0, path: '/dev/vfio/12' };
    const areas = [printedUsable({ busError: { offset: '0x500000', code: 4 }, edges: null, after: null })];
    expect(findings(printedAnswer({ areas, error }))).toEqual([
      {
        id: 'memory.uncorrectable',
        severity: 'fail',
        message: 'region 4: the memory at 0x500000 has an uncorrectable error (SIGBUS, code 4)',
        remedy: SCRAP,
      },
    ]);
  });

  test('a mapping that is refused', () => {
    const error = { step: 'area-map', errno: 22, path: '/dev/vfio/12' };
    const unmapped = { mappedBytes: 0, rounds: [], edges: null, after: null };
    const areas = [printedUsable({ rounds: [], edges: null, after: null }), printedReserved(unmapped)];
    expect(findings(printedAnswer({ areas, error }))).toEqual([
      {
        id: 'memory.short-mapping',
        severity: 'fail',
        message: 'region 2: the 1 GiB of its memory cannot be mapped: EINVAL (22)',
        remedy: DMESG,
      },
    ]);
  });
});

describe('around the memory', () => {
  test('a mapping that should be refused', () => {
    expect(edges({ mapBeyond: 0 })).toEqual([
      {
        id: 'memory.mapped-beyond',
        severity: 'fail',
        message:
          'region 4: mapping past its 93.5 GiB of memory succeeds, where it must be EINVAL: a guest could reach what is not its own',
        remedy: NO_GUEST,
      },
    ]);
  });

  test('a mapping that is refused with another errno', () => {
    expect(edges({ mapAcross: 12 })).toEqual([
      {
        id: 'memory.mapped-beyond',
        severity: 'warn',
        message: 'region 4: mapping past its 93.5 GiB of memory fails with ENOMEM, not with EINVAL',
        remedy: [],
      },
    ]);
  });

  const padding = (changes: object) => edges({ padding: [printedPadding('0x1760000000', changes)] });

  test.each([
    ['something else than ones', { data: `fe${'ff'.repeat(63)}` }, `fe${'ff'.repeat(15)}…`],
    ['an error', { read: { bytes: 0, errno: 5 }, data: '', dataAgain: '' }, 'EIO'],
    ['nothing', { read: { bytes: 0, errno: 0 }, data: '', dataAgain: '' }, 'nothing'],
  ])('padding that reads as %s', (_what, changes, given) => {
    expect(padding({ dataAgain: changes.data, ...changes })).toEqual([
      {
        id: 'memory.padding-readable',
        severity: 'fail',
        message: `region 4: reading behind the memory, at 0x1760000000 gives ${given}; it must be ones`,
        remedy: NO_GUEST,
      },
    ]);
  });

  test.each([
    ['keeps what is written', { dataAgain: '00'.repeat(64) }, 'changes what is read there'],
    ['refuses what is written', { write: { bytes: 0, errno: 14 } }, 'fails with EFAULT'],
  ])('padding that %s', (_what, changes, what) => {
    expect(padding(changes)).toEqual([
      {
        id: 'memory.padding-writable',
        severity: 'fail',
        message: `region 4: writing behind the memory at 0x1760000000 ${what}`,
        remedy: NO_GUEST,
      },
    ]);
  });

  const wrapped = { words: 8, first: { offset: '0x0', expected: '0xfffffbffffffffff', actual: '0x0' } };

  test('what is written behind the memory and found in it', () => {
    expect(ofUsable({ after: { ...NO_ERRORS, ...wrapped } }).map(({ id, message }) => [id, message])).toEqual([
      [
        'memory.padding-writable',
        'region 4: what was written behind the memory is in it: at 0x0 0xfffffbffffffffff was written and 0x0 is read',
      ],
    ]);
  });

  test('memory that was wrong before is not said to have been written from behind', () => {
    const inverted = printedRound('inverted', GIB, { ...wrapped, clearedBits: 8, clearedMask: '0x1' });
    const found = ofUsable({ rounds: [inverted], after: { ...NO_ERRORS, ...wrapped } });
    expect(found.map(({ id }) => id)).toEqual(['memory.bit-errors']);
  });

  test('a region that can be read behind its end', () => {
    const readAtEnd = { bytes: 64, errno: 0 };
    const writeAtEnd = { bytes: 0, errno: 5 };
    const areas = [printedUsable(), printedReserved({ edges: { ...NO_PADDING, readAtEnd, writeAtEnd } })];
    expect(findings(printedAnswer({ areas }))).toEqual([
      {
        id: 'memory.region-end',
        severity: 'fail',
        message: 'region 2: behind its 1 GiB, reading moves 64 bytes and writing is EIO, not EINVAL',
        remedy: NO_GUEST,
      },
    ]);
  });
});

describe('work that was not done', () => {
  const incomplete = (facts: object, answer: object | null = null, mode: MemoryMode = 'full') => {
    const found = findings(answer, mode, { ...gpu, ...facts });
    expect(found.map(({ id, severity }) => [id, severity])).toEqual([['memory.incomplete', 'fail']]);
    return found.map(({ message, remedy }) => [message, ...remedy])[0];
  };
  const step = { step: 'group-open', errno: 16, path: '/dev/vfio/12' };

  test.each<[string, object, string, string]>([
    ['no driver', { reason: 'driver', driver: null }, 'no driver has the device', `ghpass bind ${ADDRESS}`],
    ['another', { reason: 'driver', driver: 'nvidia' }, 'nvidia is no driver of VFIO', `ghpass bind ${ADDRESS}`],
    [
      'busy',
      { reason: 'failed', step, via: 'group' },
      'group-open /dev/vfio/12 failed with EBUSY (16)',
      DMESG[0] ?? '',
    ],
    ['not opened', { reason: 'not-wanted' }, 'the device was not opened', DMESG[0] ?? ''],
  ])('%s', (_what, notOpened, reason, remedy) => {
    expect(incomplete({ notOpened })).toEqual([`the memory was not validated: ${reason}`, remedy]);
  });

  test('a device without coherent memory', () => {
    expect(incomplete({ memory: { ...gpu.memory, layout: 'none' } }, null, 'scrub')).toEqual([
      'the memory was not scrubbed: the device exports no coherent memory (layout none)',
      ...DMESG,
    ]);
  });

  test('an answer that could not be decoded', () => {
    expect(incomplete({ memory: { ...gpu.memory, layout: null } })?.[0]).toBe(
      "the memory was not validated: the device's answer could not be decoded",
    );
  });

  test.each([
    [step, 'group-open /dev/vfio/12 failed with EBUSY (16)'],
    [{ step: 'memory-enable', errno: 5, path: '/dev/vfio/12' }, 'memory-enable /dev/vfio/12 failed with EIO (5)'],
  ])('a helper that stopped at %o', (error, reason) => {
    const unfinished = { rounds: [], edges: null, after: null };
    const areas = [printedUsable(unfinished), printedReserved(unfinished)];
    expect(incomplete({}, printedAnswer({ areas, error }))?.[0]).toBe(`the memory was not validated: ${reason}`);
  });
});
