import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { collectTopology, type Meant } from '../../src/guest/topology.ts';
import { openHost } from '../../src/host/open.ts';
import { jsonReady } from '../../src/ui/json-ready.ts';
import { paintFor } from '../../src/ui/paint.ts';
import { describeTopology } from '../../src/ui/topology/describe.ts';
import type { Box } from '../../src/ui/topology/drawing.ts';
import { glyphsFor } from '../../src/ui/topology/glyphs.ts';
import { drawingColumns, drawingText } from '../../src/ui/topology/text.ts';
import fc from '../fixtures/fast-check.ts';

const GOLDEN = join(import.meta.dirname, '../golden/topology');
const PLAIN = paintFor({}, {}, true);
const UTF8 = glyphsFor({ LANG: 'C.UTF-8', TERM: 'xterm' });
const ASCII = glyphsFor({ LANG: 'C', TERM: 'xterm' });

const HOSTS: readonly [string, Meant['kind'] & ('plain' | 'none')][] = [
  ['gh200', 'plain'],
  ['gh200-nvl2', 'plain'],
  ['gb200-nvl4', 'plain'],
  ['power9-v100', 'plain'],
  ['broken-no-dsd', 'none'],
  ['broken-unreadable-tables', 'none'],
];

async function pictureOf(name: string, kind: 'plain' | 'none') {
  return collectTopology(await openHost(`builtin:${name}`), [], { open: true, meant: { kind } });
}

describe.each(HOSTS)('%s', (name, kind) => {
  test.each(['txt', 'json'])('is drawn as its golden .%s has it', async (format) => {
    const topology = await pictureOf(name, kind);
    const made =
      format === 'txt'
        ? drawingText(describeTopology(topology), 60, UTF8, PLAIN)
        : JSON.stringify(jsonReady(topology), null, 2);
    const path = join(GOLDEN, `${name}.${format}`);
    if (process.env.UPDATE_GOLDEN) writeFileSync(path, `${made}\n`);
    expect(existsSync(path), `${path} is to be written: test/golden/README.md`).toBe(true);
    expect(`${made}\n`).toBe(readFileSync(path, 'utf8'));
  });

  test.each([60, 79, 80, 116, 140])('keeps to %i columns, each line to its end', async (columns) => {
    const text = drawingText(describeTopology(await pictureOf(name, kind)), columns, UTF8, PLAIN);
    expect(new Set(text.split('\n').map((line) => line.length))).toEqual(new Set([columns]));
  });

  test('needs nothing but ASCII where there is no more', async () => {
    const boxes = describeTopology(await pictureOf(name, kind));
    const text = drawingText(boxes, 60, ASCII, PLAIN);
    expect(text).toMatch(/^[ -~\n]+$/);
    expect(text.split('\n').length).toBe(drawingText(boxes, 60, UTF8, PLAIN).split('\n').length);
  });
});

test('sockets stand beside each other where there is room', async () => {
  const boxes = describeTopology(await pictureOf('gh200-nvl2', 'none'));
  const narrow = drawingText(boxes, 100, UTF8, PLAIN).split('\n');
  const wide = drawingText(boxes, 120, UTF8, PLAIN).split('\n');
  expect(narrow.find((line) => line.includes('socket 0'))).not.toContain('socket 1');
  expect(wide.find((line) => line.includes('socket 0'))).toContain('socket 1');
});

test('colours say nothing that the characters do not', async () => {
  const boxes = describeTopology(await pictureOf('gh200', 'plain'));
  const colored = drawingText(boxes, 80, UTF8, paintFor({ isTTY: true }, {}, true));
  expect(colored).toContain('\u001b[32m█');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of colours
  expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(drawingText(boxes, 80, UTF8, PLAIN));
});

test.each<[NodeJS.ProcessEnv, boolean]>([
  [{ LANG: 'en_US.UTF-8' }, true],
  [{ LANG: 'C.utf8', TERM: 'linux' }, true],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
  [{ LANG: 'en_US.UTF-8', LC_CTYPE: 'de_DE.ISO-8859-1' }, false],
  [{ LANG: 'en_US.UTF-8', TERM: 'dumb' }, false],
  [{}, false],
])('with %o there are lines and blocks: %s', (env, isUnicode) => {
  expect(glyphsFor(env) === UTF8).toBe(isUnicode);
});

test.each<[{ columns?: number }, NodeJS.ProcessEnv, number]>([
  [{ columns: 100 }, {}, 100],
  [{ columns: 100 }, { COLUMNS: '90' }, 90],
  [{}, {}, 80],
  [{ columns: 30 }, {}, 60],
  [{ columns: 400 }, {}, 140],
  [{}, { COLUMNS: 'many' }, 80],
])('on %o with %o a picture has %i columns', (stream, env, columns) => {
  expect(drawingColumns(stream, env)).toBe(columns);
});

test('whatever the words are, no line is broken and no character steers the terminal', () => {
  const words = fc.string({ unit: 'binary-ascii', maxLength: 300 });
  const part = fc.record({
    filling: fc.constantFrom('usable' as const, 'reserved' as const, 'padding' as const),
    text: words,
    sizeBytes: fc.bigInt({ min: 0n, max: 1n << 60n }),
  });
  const line = fc.record({ kind: fc.constant('line' as const), text: words });
  const scale = fc.record({
    kind: fc.constant('scale' as const),
    text: words,
    parts: fc.array(part, { maxLength: 5 }),
  });
  const leaf: fc.Arbitrary<Box> = fc.record({
    title: words,
    contents: fc.array(fc.oneof(line, scale), { maxLength: 3 }),
  });
  const box: fc.Arbitrary<Box> = fc.record({
    title: words,
    contents: fc.array(
      fc.oneof(
        line,
        scale,
        fc.record({ kind: fc.constant('row' as const), boxes: fc.array(leaf, { minLength: 1, maxLength: 4 }) }),
      ),
      { maxLength: 3 },
    ),
  });
  fc.assert(
    fc.property(fc.array(box, { minLength: 1, maxLength: 2 }), fc.integer({ min: 60, max: 140 }), (boxes, columns) => {
      const text = drawingText(boxes, columns, ASCII, PLAIN);
      expect(text).toMatch(/^[ -~\n]+$/);
      for (const one of text.split('\n')) expect(one.length).toBe(columns);
    }),
  );
});
