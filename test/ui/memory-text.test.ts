import { expect, test } from 'vitest';
import { memoryReport } from '../../src/ui/memory-report.ts';
import { memoryProgressText, memoryText } from '../../src/ui/memory-text.ts';
import { parseMemoryAnswer } from '../../src/vfio/memory-answer.ts';
import type { MemoryMode } from '../../src/vfio/memory-validation.ts';
import { ADDRESS, printedAnswer, printedReserved, printedRound } from '../fixtures/memory-answer.ts';

const GIB = 2 ** 30;
const AREA = { region: 2, offsetBytes: 0n, sizeBytes: BigInt(GIB), mapping: 'combined' } as const;

function report(mode: MemoryMode, changes: object) {
  const answer = parseMemoryAnswer(JSON.stringify(printedAnswer({ areas: [printedReserved(changes)] })));
  return memoryReport({ mode, areas: [AREA], answer });
}

test.each<[string, MemoryMode, object, string]>([
  ['all is well', 'full', {}, 'full, 2 GiB read back, at 40.0 GiB/s, no word is wrong'],
  [
    'the boundary pages',
    'quick',
    { rounds: [printedRound('address', 8192)] },
    'quick, 8 KiB read back, no word is wrong',
  ],
  [
    'words are wrong',
    'scrub',
    { rounds: [printedRound('zero', GIB, { words: 3 })] },
    'scrub, 1 GiB read back, at 40.0 GiB/s, 3 words are wrong',
  ],
  ['nothing was begun', 'full', { rounds: [] }, 'full, nothing was written'],
])('%s', (_what, mode, changes, text) => {
  expect(memoryText(report(mode, changes))).toBe(text);
});

test('a report is JSON as it stands', () => {
  const first = { offset: '0x8', expected: '0x0', actual: '0x1' };
  const errors = { words: 1, setBits: 1, setMask: '0x1', clearedBits: 0, clearedMask: '0x0', first };
  const made = report('scrub', {
    rounds: [printedRound('zero', GIB, errors)],
    busError: { offset: '0x10', code: 2 },
    edges: null,
  });
  const pass = { bytes: GIB, seconds: 0.025, threads: 72, bytesPerSecond: 40 * GIB };
  expect(JSON.parse(JSON.stringify(made))).toEqual({
    mode: 'scrub',
    areas: [
      {
        region: 2,
        offset: '0x0',
        size: GIB,
        mapping: 'combined',
        rounds: [{ pattern: 'zero', written: pass, verified: pass, errors }],
        busError: { offset: '0x10', code: 2 },
        edges: null,
      },
    ],
    error: null,
  });
});

test('a report without an answer has the areas that there were', () => {
  expect(memoryReport({ mode: 'full', areas: [AREA], answer: null })).toEqual({
    mode: 'full',
    areas: [{ region: 2, offset: '0x0', size: GIB, mapping: 'combined', rounds: [], busError: null, edges: null }],
    error: null,
  });
});

test.each([
  [0, 0, 'region 4: writing inverted addresses, 0 %'],
  [10 * GIB, 2, 'region 4: writing inverted addresses, 2 %, 5.0 GiB/s, 1 min 14 s left'],
  [378 * GIB, 100, 'region 4: writing inverted addresses, 100 %, 3.8 GiB/s, 0 s left'],
  [377 * GIB, 100, 'region 4: writing inverted addresses, 99 %, 3.8 GiB/s, 1 s left'],
])('progress after %i bytes', (doneBytes, seconds, text) => {
  const common = { region: 4, pattern: 'inverted', operation: 'write', totalBytes: 378 * GIB } as const;
  expect(memoryProgressText(ADDRESS, { ...common, doneBytes, seconds })).toBe(`${ADDRESS} ${text}`);
});
