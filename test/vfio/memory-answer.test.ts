import { describe, expect, test } from 'vitest';
import { parseMemoryAnswer, parseMemoryProgress } from '../../src/vfio/memory-answer.ts';
import {
  NO_ERRORS,
  PRINTED_PROGRESS,
  printedAnswer,
  printedPadding,
  printedReserved,
  printedRound,
  printedUsable,
} from '../fixtures/memory-answer.ts';

const lines = (...documents: unknown[]) => documents.map((document) => `${JSON.stringify(document)}\n`).join('');

test('the answer is the last line', () => {
  const answer = parseMemoryAnswer(lines(PRINTED_PROGRESS, PRINTED_PROGRESS, printedAnswer()));
  expect(answer).toMatchObject({ address: '0009:01:00.0', via: 'cdev', command: 0x406, error: null });
  expect(answer.areas[0]).toMatchObject({ region: 4, offset: 0n, fileOffset: 1n << 42n, busError: null });
  expect(answer.areas[0]?.edges?.padding[1]).toEqual({
    offset: 0x1f_ffff_ffc0n,
    read: { bytes: 64, errno: 0 },
    data: Buffer.alloc(64, 0xff),
    write: { bytes: 64, errno: 0 },
    readAgain: { bytes: 64, errno: 0 },
    dataAgain: Buffer.alloc(64, 0xff),
  });
});

test('masks and words are all of 64 bits', () => {
  const first = { offset: '0x8', expected: '0xfffffbfffffffff7', actual: '0x7ffffbfffffffff7' };
  const errors = { words: 1, clearedBits: 1, clearedMask: '0x8000000000000000', first };
  const areas = [printedUsable({ rounds: [printedRound('inverted', 8, errors)] })];
  expect(parseMemoryAnswer(lines(printedAnswer({ areas }))).areas[0]?.rounds[0]?.errors).toEqual({
    words: 1,
    setBits: 0,
    setMask: 0n,
    clearedBits: 1,
    clearedMask: 1n << 63n,
    first: { offset: 8n, expected: 0xffff_fbff_ffff_fff7n, actual: 0x7fff_fbff_ffff_fff7n },
  });
});

test('where the device did not open, there are areas without rounds, and the error', () => {
  const error = { step: 'group-open', errno: 16, path: '/dev/vfio/12' };
  const areas = [printedUsable({ rounds: [], edges: null, after: null })];
  const answer = parseMemoryAnswer(lines(printedAnswer({ command: null, areas, error })));
  expect(answer).toMatchObject({ command: null, areas: [{ rounds: [], edges: null, after: null }], error });
});

test('progress', () => {
  expect(parseMemoryProgress(JSON.stringify(PRINTED_PROGRESS))).toEqual(PRINTED_PROGRESS.progress);
  expect(parseMemoryProgress(JSON.stringify(printedAnswer()))).toBeNull();
});

describe('output that is not as the protocol says is refused', () => {
  const refusal = (what: string) =>
    expect.objectContaining({ kind: 'tool', code: 'helper.protocol', message: `ghpass-vfio: ${what}` });
  const area = (changes: object) => printedAnswer({ areas: [printedReserved(changes)] });
  const round = (changes: object) => area({ rounds: [{ ...printedRound('zero', 8), ...changes }] });
  const errors = (changes: object) => round({ errors: { ...NO_ERRORS, ...changes } });
  const padding = (changes: object) =>
    area({ edges: { ...printedReserved().edges, padding: [printedPadding('0x0', changes)] } });

  test.each<[string, unknown]>([
    ['schema is 2, not 1', printedAnswer({ schema: 2 })],
    ['via is none of cdev, group', printedAnswer({ via: 'sysfs' })],
    ['command is no whole number', printedAnswer({ command: -1 })],
    ['areas is no array', printedAnswer({ areas: null })],
    ['error is no object', printedAnswer({ error: 'EIO' })],
    ['areas[0] is no object', printedAnswer({ areas: [4] })],
    ['areas[0].offset is no 64-bit number in hexadecimal', area({ offset: '0' })],
    ['areas[0].fileOffset is no string', area({ fileOffset: 0 })],
    ['areas[0].bytes is no whole number', area({ bytes: '8' })],
    ['areas[0].rounds[0].pattern is none of address, inverted, zero', round({ pattern: 'ones' })],
    ['areas[0].rounds[0].written is no object', round({ written: 8 })],
    ['areas[0].rounds[0].verified.seconds is no number of seconds', round({ verified: { bytes: 8, seconds: -1 } })],
    [
      'areas[0].rounds[0].errors.setMask is no 64-bit number in hexadecimal',
      errors({ setMask: `0x1${'0'.repeat(16)}` }),
    ],
    ['areas[0].rounds[0].errors.first is no object', errors({ first: '0x0' })],
    ['areas[0].rounds[0].errors.first.actual is no string', errors({ first: { offset: '0x0', expected: '0x0' } })],
    ['areas[0].busError.code is no whole number', area({ busError: { offset: '0x0' } })],
    ['areas[0].edges.mapBeyond is no whole number', area({ edges: {} })],
    ['areas[0].edges.padding[0].data is not hexadecimal', padding({ data: 'fff' })],
    ['areas[0].edges.padding[0].write is no object', padding({ write: 64 })],
    ['areas[0].after is no object', area({ after: 0 })],
  ])('%s', (what, output) => {
    expect(() => parseMemoryAnswer(lines(output))).toThrow(refusal(what));
  });

  test.each<[string, string]>([
    ['output is no JSON', ''],
    ['output is no JSON', 'Bus error'],
    ['output is no object', '[]'],
    ['progress is no object', '{"progress":null}'],
    ['progress.region is no whole number', '{"progress":{}}'],
    ['progress.operation is none of write, verify', '{"progress":{"region":4,"pattern":"zero","operation":"read"}}'],
  ])('%s, of progress', (what, line) => {
    expect(() => parseMemoryProgress(line)).toThrow(refusal(what));
  });
});
