import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { compileWithFakeKernel, isInstalled } from './compile.ts';
import { type HelperRun, runOnFakeKernel, type Scenario, unbalanced } from './fake-kernel.ts';
import { BOTH, COMMAND, MIB, memoryHost, NODE, RESERVED } from './memory-host.ts';
import { ADDRESS } from './recorded-device.ts';
import { temporaryDirectory } from './temporary-directory.ts';

let helper: string;
beforeAll(() => {
  const directory = temporaryDirectory();
  helper = compileWithFakeKernel(directory.path);
  return directory.remove;
}, 120_000);

interface Progress {
  region: number;
  pattern: string;
  operation: string;
  doneBytes: number;
  totalBytes: number;
}

interface MemoryRun extends HelperRun {
  progress: Progress[];
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what is tested
  answer: any;
}

function memory(scenario: Scenario, mode: string, options: readonly string[] = BOTH, command = [helper]): MemoryRun {
  const run = runOnFakeKernel(command, ['memory', ADDRESS, mode, ...options], scenario);
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  expect(unbalanced(run.calls, scenario)).toEqual([]);
  const lines = run.stdout.trimEnd().split('\n');
  const answer = JSON.parse(lines.pop() ?? '', withoutTime);
  return { ...run, progress: lines.map((line) => JSON.parse(line, withoutTime).progress), answer };
}

/** Seconds are those of this machine. */
function withoutTime(name: string, value: unknown): unknown {
  return name === 'seconds' && typeof value === 'number' ? undefined : value;
}

const NO_ERRORS = { words: 0, setBits: 0, setMask: '0x0', clearedBits: 0, clearedMask: '0x0', first: null };
const ONES = 'ff'.repeat(64);
const REFUSED = { bytes: 0, errno: 22 };
const NO_PADDING = { mapBeyond: 22, mapAcross: 22, padding: [], readAtEnd: REFUSED, writeAtEnd: REFUSED };
const round = (pattern: string, bytes: number, threads: number, errors: object = NO_ERRORS) => ({
  pattern,
  written: { bytes, threads },
  verified: { bytes, threads },
  errors,
});
const dropped = (offset: string) => ({
  offset,
  read: { bytes: 64, errno: 0 },
  data: ONES,
  write: { bytes: 64, errno: 0 },
  readAgain: { bytes: 64, errno: 0 },
  dataAgain: ONES,
});

describe('memory that is as it should be', () => {
  /** 0 and 1, then both sides of each power of two up to 16 MiB, and the last: pages of 4 KiB. */
  const USABLE_PAGES = 1 + 13 + 11 + 1;
  const RESERVED_PAGES = 1 + 8 + 7;

  test('quick: the boundary pages, and what is around the memory', () => {
    const { answer } = memory(memoryHost(), 'quick');
    expect(answer).toEqual({
      schema: 1,
      address: ADDRESS,
      via: 'cdev',
      mode: 'quick',
      command: 0x406,
      areas: [
        {
          region: 4,
          offset: '0x0',
          bytes: 24 * MIB,
          mappedBytes: 24 * MIB,
          fileOffset: '0x40000000000',
          regionBytes: 32 * MIB,
          rounds: [round('address', USABLE_PAGES * 4096, 1), round('inverted', USABLE_PAGES * 4096, 1)],
          busError: null,
          edges: { ...NO_PADDING, padding: [dropped('0x1800000'), dropped('0x1ffffc0')] },
          after: NO_ERRORS,
        },
        {
          region: 2,
          offset: '0x0',
          bytes: MIB,
          mappedBytes: MIB,
          fileOffset: '0x20000000000',
          regionBytes: MIB,
          rounds: [round('address', RESERVED_PAGES * 4096, 1), round('inverted', RESERVED_PAGES * 4096, 1)],
          busError: null,
          edges: NO_PADDING,
          after: NO_ERRORS,
        },
      ],
      error: null,
    });
  });

  test('runs on the CPUs that it is given, from before the device is opened', () => {
    const { calls, answer } = memory(memoryHost(), 'quick', [...BOTH, '--cpus', '0,2-3,1023', '--threads', '4']);
    expect(calls.indexOf('affinity 0,2,3,1023')).toBeLessThan(calls.findIndex((call) => call.startsWith('open ')));
    expect(answer.error).toBeNull();
  });

  test('quick: in this order, and everything is given back', () => {
    const { calls } = memory(memoryHost(), 'quick', [...BOTH, '--via', 'cdev']);
    expect(calls.slice(calls.indexOf(`ioctl ${NODE} 3b6c 7`))).toEqual([
      `ioctl ${NODE} 3b6c 7`,
      `pread ${NODE} ${COMMAND}`,
      `ioctl ${NODE} 3b6c 4`,
      `mmap ${NODE} ${24 * MIB} 40000000000`,
      `ioctl ${NODE} 3b6c 2`,
      `mmap ${NODE} ${MIB} 20000000000`,
      `mmap ${NODE} 4096 40001800000`,
      `mmap ${NODE} 8192 400017ff000`,
      `pread ${NODE} 64 40001800000`,
      `pwrite ${NODE} 64 40001800000`,
      `pread ${NODE} 64 40001800000`,
      `pread ${NODE} 64 40001ffffc0`,
      `pwrite ${NODE} 64 40001ffffc0`,
      `pread ${NODE} 64 40001ffffc0`,
      `pread ${NODE} 64 40002000000`,
      `pwrite ${NODE} 64 40002000000`,
      `mmap ${NODE} 4096 20000100000`,
      `mmap ${NODE} 8192 200000ff000`,
      `pread ${NODE} 64 20000100000`,
      `pwrite ${NODE} 64 20000100000`,
      `munmap ${24 * MIB}`,
      `munmap ${MIB}`,
      `close ${NODE}`,
      'close /dev/iommu',
    ]);
  });

  test('full: every byte, by several threads', () => {
    const { areas, error } = memory(memoryHost(), 'full', [...BOTH, '--threads', '3']).answer;
    expect(error).toBeNull();
    expect(areas[0].rounds).toEqual([round('address', 24 * MIB, 3), round('inverted', 24 * MIB, 3)]);
    expect(areas[1].rounds).toEqual([round('address', MIB, 3), round('inverted', MIB, 3)]);
    expect(areas[0].edges.padding).toHaveLength(2);
  });

  test('full: all is written before any is verified, and the progress says so', () => {
    const { progress } = memory(memoryHost(), 'full');
    expect(progress.map(({ pattern, operation, region }) => `${pattern} ${operation} ${region}`)).toEqual([
      'address write 4',
      'address write 2',
      'address verify 4',
      'address verify 2',
      'inverted write 4',
      'inverted write 2',
      'inverted verify 4',
      'inverted verify 2',
    ]);
    const steps = [24, 1, 24, 1, 24, 1, 24, 1];
    const sums = steps.map((_, i) => steps.slice(0, i + 1).reduce((sum, step) => sum + step, 0) * MIB);
    expect(progress.map(({ doneBytes }) => doneBytes)).toEqual(sums);
    expect(new Set(progress.map(({ totalBytes }) => totalBytes))).toEqual(new Set([100 * MIB]));
  });

  test('scrub: zeros everywhere, read back, and nothing is tried around the memory', () => {
    const { answer, calls } = memory(memoryHost(), 'scrub');
    const untouched = { busError: null, edges: null, after: null };
    expect(answer.areas).toEqual([
      expect.objectContaining({ region: 4, rounds: [round('zero', 24 * MIB, 1)], ...untouched }),
      expect.objectContaining({ region: 2, rounds: [round('zero', MIB, 1)], ...untouched }),
    ]);
    expect(answer.error).toBeNull();
    expect(calls.filter((call) => call.startsWith('pwrite'))).toEqual([]);
  });

  test('that is no whole number of pages has its end written and read through the file', () => {
    const bytes = 24 * MIB + 100;
    const area = ['--area', `4:0:${bytes}:cached`];
    const { answer, calls } = memory(memoryHost('', bytes), 'full', area);
    expect(answer.areas[0]).toMatchObject({ mappedBytes: 24 * MIB, rounds: [{ written: { bytes } }, {}] });
    expect(answer.areas[0].rounds).toEqual([round('address', bytes, 1), round('inverted', bytes, 1)]);
    expect(calls.filter((call) => call.endsWith(` 100 40001800000`))).toEqual([
      `pwrite ${NODE} 100 40001800000`,
      `pread ${NODE} 100 40001800000`,
      `pwrite ${NODE} 100 40001800000`,
      `pread ${NODE} 100 40001800000`,
      `pread ${NODE} 100 40001800000`,
    ]);
    expect(calls).toContain(`mmap ${NODE} 4096 40001801000`);
  });

  test('in the middle of a region is told by its offset in the region', () => {
    const scenario = memoryHost('set 0x201000 0x1');
    const { areas } = memory(scenario, 'full', ['--area', `4:${2 * MIB}:${4 * MIB}:cached`]).answer;
    expect(areas[0]).toMatchObject({ offset: '0x200000', fileOffset: '0x40000200000' });
    expect(areas[0].rounds[0].errors.first).toEqual({
      offset: '0x201000',
      expected: '0x40000201000',
      actual: '0x40000201001',
    });
  });
});

describe('a planted fault', () => {
  const set = (words: number, mask: string, first: object) => ({
    ...NO_ERRORS,
    words,
    setBits: words,
    setMask: mask,
    first,
  });
  const cleared = (words: number, mask: string, first: object) => ({
    ...NO_ERRORS,
    words,
    clearedBits: words,
    clearedMask: mask,
    first,
  });

  test.each(['quick', 'full'])('%s: a bit that is stuck at 1', (mode) => {
    const { areas, error } = memory(memoryHost('set 0x1008 0x10'), mode).answer;
    const first = { offset: '0x1008', expected: '0x40000001008', actual: '0x40000001018' };
    expect(areas[0].rounds.map(({ errors }: { errors: object }) => errors)).toEqual([set(1, '0x10', first), NO_ERRORS]);
    expect(error).toBeNull();
  });

  test.each(['quick', 'full'])('%s: a bit that is stuck at 0', (mode) => {
    const { areas } = memory(memoryHost(`clear ${24 * MIB - 8} 0x10`), mode).answer;
    const first = { offset: '0x17ffff8', expected: '0x400017ffff8', actual: '0x400017fffe8' };
    expect(areas[0].rounds[0].errors).toEqual(cleared(1, '0x10', first));
    expect(areas[0].rounds[1].errors).toEqual(NO_ERRORS);
  });

  test('full: bits of several words are counted by their kind, the first is told', () => {
    const faults = 'set 0x801000 0x8000000000000001 clear 0x400010 0x40000400000 set 0x17ffff8 0x1';
    const { areas } = memory(memoryHost(faults), 'full', [...BOTH, '--threads', '4']).answer;
    expect(areas[0].rounds[0].errors).toEqual({
      words: 3,
      setBits: 3,
      setMask: '0x8000000000000001',
      clearedBits: 2,
      clearedMask: '0x40000400000',
      first: { offset: '0x400010', expected: '0x40000400010', actual: '0x10' },
    });
  });

  test('scrub: a bit that does not become 0', () => {
    const { areas } = memory(memoryHost('set 0xabcde8 0x4'), 'scrub').answer;
    const first = { offset: '0xabcde8', expected: '0x0', actual: '0x4' };
    expect(areas[0].rounds).toEqual([round('zero', 24 * MIB, 1, set(1, '0x4', first))]);
  });

  test.each([
    ['quick', (2 * 4096) / 8],
    ['full', (12 * MIB) / 8],
  ])('%s: a dead address line makes two places one', (mode, words) => {
    const { areas } = memory(memoryHost('line 20'), mode).answer;
    const rounds = areas[0].rounds.map(({ errors }: { errors: object }) => errors);
    expect(rounds).toEqual([
      set(words, '0x100000', { offset: '0x0', expected: '0x40000000000', actual: '0x40000100000' }),
      cleared(words, '0x100000', { offset: '0x0', expected: '0xfffffbffffffffff', actual: '0xfffffbffffefffff' }),
    ]);
  });

  test.each([
    ['quick', '0x7ff000'],
    ['full', '0x500000'],
  ])('%s: a mapping that ends too early is a bus error at that offset, and the device is closed', (mode, offset) => {
    const { answer, calls } = memory(memoryHost('short 0x500000'), mode);
    expect(answer.error).toEqual({ step: 'memory-access', errno: 0, path: NODE });
    expect(answer.areas[0].busError).toEqual({ offset, code: 2 });
    expect(answer.areas[0].edges).toBeNull();
    expect(answer.areas[1].rounds).toEqual([]);
    expect(calls.slice(-4)).toEqual([`munmap ${24 * MIB}`, `munmap ${MIB}`, `close ${NODE}`, 'close /dev/iommu']);
  });

  test('full: no thread goes on where the bus refused another', () => {
    const { areas } = memory(memoryHost('short 0x500000'), 'full', [...BOTH, '--threads', '4']).answer;
    expect(areas[0].busError).toEqual({ offset: '0x500000', code: 2 });
    expect(areas[0].rounds[0].written.bytes).toBeLessThan(24 * MIB);
  });

  test('padding that is the memory once more is read, written, and found in the memory afterwards', () => {
    const { areas } = memory(memoryHost('wraps'), 'quick').answer;
    const [first] = areas[0].edges.padding;
    expect(first.data).not.toBe(ONES);
    expect(first.dataAgain).toBe('00'.repeat(64));
    expect(areas[0].after).toMatchObject({ words: 16, first: { offset: '0x0', actual: '0x0' } });
  });

  test('padding that cannot be read, and mappings that should be refused, are told as they are', () => {
    const { areas } = memory(
      {
        ...memoryHost('', 32 * MIB),
        [`pread ${NODE} 64 40001800000`]: 'errno 5',
        [`pwrite ${NODE} 64 40001800000`]: 'return 8',
        [`pread ${NODE} 64 40002000000`]: 'return 0',
      },
      'quick',
    ).answer;
    expect(areas[0].edges).toMatchObject({
      mapBeyond: 0,
      mapAcross: 0,
      padding: [{ read: { bytes: 0, errno: 5 }, data: '', write: { bytes: 8, errno: 0 } }, {}],
      readAtEnd: { bytes: 0, errno: 0 },
    });
  });
});

describe('memory decoding', () => {
  const off = { ...memoryHost(), [`pread ${NODE} ${COMMAND}`]: 'bytes 0404' };
  const writes = (run: HelperRun) => run.calls.filter((call) => call === `pwrite ${NODE} ${COMMAND}`).length;

  test('is left alone where it is on', () => {
    expect(writes(memory(memoryHost(), 'quick'))).toBe(0);
  });

  test('is switched on where it is off, and off again before the device is closed', () => {
    const run = memory(off, 'quick');
    expect(run.answer).toMatchObject({ command: 0x404, error: null });
    expect(writes(run)).toBe(2);
    expect(run.calls.at(-3)).toBe(`pwrite ${NODE} ${COMMAND}`);
  });

  test('is not put back where it could not be switched on', () => {
    const run = memory({ ...off, [`pwrite ${NODE} ${COMMAND}`]: 'errno 5' }, 'quick');
    expect(run.answer.error).toEqual({ step: 'memory-enable', errno: 5, path: NODE });
    expect(writes(run)).toBe(1);
  });
});

test.each([2, 15, 1])('signal %i ends the work, and everything is given back', (signal) => {
  const scenario = { ...memoryHost(), [`mmap ${NODE} ${MIB} 20000000000`]: `signal ${signal}` };
  const { answer, calls } = memory(scenario, 'full', [...BOTH, '--threads', '2']);
  expect(answer.error).toEqual({ step: 'interrupted', errno: 0, path: null });
  expect(answer.areas[0].rounds).toMatchObject([{ written: { bytes: 0 }, verified: { bytes: 0 } }]);
  expect(calls.slice(-4)).toEqual([`munmap ${24 * MIB}`, `munmap ${MIB}`, `close ${NODE}`, 'close /dev/iommu']);
});

describe('looked at more closely,', () => {
  function compiled(...flags: string[]): string {
    const directory = temporaryDirectory();
    onTestFinished(directory.remove);
    return compileWithFakeKernel(directory.path, flags);
  }

  /** Where the kernel randomizes addresses by more than 28 bits, gcc 12's runtime does not find its room without this. */
  const LESS_RANDOM = ['setarch', '--addr-no-randomize'];
  const isForbidden = spawnSync(LESS_RANDOM[0] ?? '', [...LESS_RANDOM.slice(1), 'true']).status !== 0;

  test.skipIf(isForbidden)('threads do not race', { timeout: 120_000 }, () => {
    const command = [...LESS_RANDOM, compiled('-g', '-O1', '-fsanitize=thread')];
    expect(memory(memoryHost(), 'full', [...BOTH, '--threads', '4'], command).answer.error).toBeNull();
    const short = memory(memoryHost('short 0x500000'), 'full', [...BOTH, '--threads', '4'], command);
    expect(short.answer.error).toMatchObject({ step: 'memory-access' });
  });

  test.skipIf(!isInstalled('valgrind'))('valgrind has nothing to say', { timeout: 120_000 }, () => {
    const plain = compiled('-g', '-O1');
    const command = [
      'valgrind',
      '--quiet',
      '--error-exitcode=42',
      '--leak-check=full',
      '--show-leak-kinds=all',
      '--fair-sched=yes',
      plain,
    ];
    const reserved = ['--area', RESERVED, '--threads', '2'];
    expect(memory(memoryHost(), 'full', reserved, command).answer.error).toBeNull();
    expect(memory(memoryHost('set 0x1008 0x10 wraps'), 'quick', BOTH, command).answer.error).toBeNull();
    const short = memory(memoryHost('short 0x1000'), 'quick', BOTH, command);
    expect(short.answer.error).toMatchObject({ step: 'memory-access' });
  });
});
