import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConsoleTail, plainLine } from '../../../src/guest/monitor/console-tail.ts';
import fc from '../../fixtures/fast-check.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';

function tailOf(content?: string): { tail: ConsoleTail; path: string } {
  const path = join(temporaryDirectory(), 'console.log');
  if (content !== undefined) writeFileSync(path, content);
  return { tail: new ConsoleTail(path), path };
}

test('what is there at first, then what is added, line by line', () => {
  const { tail, path } = tailOf('one\ntwo\nhal');
  expect(tail.read()).toEqual({ lines: ['one', 'two'], skippedBytes: 0 });
  expect(tail.read()).toBeNull();
  appendFileSync(path, 'f\r\nthree\n');
  expect(tail.read()).toEqual({ lines: ['half', 'three'], skippedBytes: 0 });
});

test('a log that appears later is read from its beginning', () => {
  const { tail, path } = tailOf();
  expect(tail.read()).toBeNull();
  writeFileSync(path, 'boots\n');
  expect(tail.read()).toEqual({ lines: ['boots'], skippedBytes: 0 });
});

test('a log that is cut, and one that takes its place, are read from their beginning', () => {
  const { tail, path } = tailOf('first boot\n');
  tail.read();
  truncateSync(path);
  appendFileSync(path, 'second\n');
  expect(tail.read()?.lines).toEqual(['second']);
  renameSync(path, `${path}.0`);
  writeFileSync(path, 'a third boot, longer\n');
  expect(tail.read()?.lines).toEqual(['a third boot, longer']);
});

test('a guest that writes faster than anybody reads: the newest lines, and how much is missing', () => {
  const { tail, path } = tailOf('start\n');
  tail.read();
  appendFileSync(path, `${'x'.repeat(99)}\n`.repeat(1000));
  const added = tail.read();
  expect(added?.skippedBytes).toBe(100_000 - (64 << 10));
  expect(added?.lines.length).toBe(656);
});

test('of a log that is long already, the last fifty lines', () => {
  const { tail } = tailOf(Array.from({ length: 9000 }, (_, i) => `line ${i}\n`).join(''));
  const added = tail.read();
  expect(added).toMatchObject({ skippedBytes: 0 });
  expect([added?.lines.length, added?.lines[0], added?.lines.at(-1)]).toEqual([50, 'line 8950', 'line 8999']);
});

test('a character that is written in two parts is one', () => {
  const { tail, path } = tailOf('x\n');
  tail.read();
  const bytes = Buffer.from('é😀\n');
  for (const byte of bytes) {
    appendFileSync(path, Buffer.of(byte));
    const added = tail.read();
    if (byte === 10) expect(added?.lines).toEqual(['é😀']);
    else expect(added).toBeNull();
  }
});

test.each([
  ['\u001b[31mred\u001b[0m', 'red'],
  ['\u001b]0;a title\u0007text', 'text'],
  ['10 %\r20 %\r', '20 %'],
  ['bell\u0007, C1 \u009b31m, override \u202eabc', 'bell, C1 , override abc'],
  ['a\tb', 'a  b'],
])('%j does nothing to a terminal: %j', (line, plain) => {
  expect(plainLine(line)).toBe(plain);
});

test('no line of a guest has anything but text, whatever it writes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (line) => {
      expect(plainLine(line)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }),
  );
});
