import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { collectTopology } from '../../src/guest/topology.ts';
import { openHost } from '../../src/host/open.ts';
import { describeTopology } from '../../src/ui/topology/describe.ts';
import type { Box } from '../../src/ui/topology/drawing.ts';
import { drawingSvg } from '../../src/ui/topology/svg.ts';
import { layOut } from '../../src/ui/topology/svg-layout.ts';
import fc from '../fixtures/fast-check.ts';

const GOLDEN = join(import.meta.dirname, '../golden/topology');

const HOSTS = [
  ['gh200', 'plain'],
  ['gh200-nvl2', 'plain'],
  ['gb200-nvl4', 'plain'],
  ['power9-v100', 'plain'],
  ['broken-no-dsd', 'none'],
] as const;

async function boxesOf(name: string, kind: 'plain' | 'none'): Promise<Box[]> {
  const host = await openHost(`builtin:${name}`);
  return describeTopology(await collectTopology(host, [], { open: true, meant: { kind } }));
}

function parsed(svg: string) {
  expect(XMLValidator.validate(svg)).toBe(true);
  return new XMLParser({ ignoreAttributes: false, trimValues: false }).parse(svg).svg;
}

describe.each(HOSTS)('%s', (name, kind) => {
  test('is drawn as its golden .svg has it', async () => {
    const svg = drawingSvg(await boxesOf(name, kind));
    const path = join(GOLDEN, `${name}.svg`);
    if (process.env.UPDATE_GOLDEN) writeFileSync(path, svg);
    expect(svg).toBe(readFileSync(path, 'utf8'));
  });

  test('is XML with a title and a description, and fetches nothing', async () => {
    const svg = drawingSvg(await boxesOf(name, kind));
    const { title, desc } = parsed(svg);
    expect(title['#text']).toContain(`host builtin:${name}`);
    expect(desc['#text']).toContain('IOMMU group');
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /https?:|url\(|@import|@font-face|<script/,
    );
  });

  test('has everything inside of its page, and the parts of a whole beside each other', async () => {
    const { width, height, shapes } = layOut(await boxesOf(name, kind));
    for (const shape of shapes) {
      const length = shape.kind === 'text' ? shape.text.length * 7.8 : shape.width;
      expect(shape.x + length, JSON.stringify(shape)).toBeLessThanOrEqual(width + 0.01);
      expect(shape.y + (shape.kind === 'text' ? 5 : shape.height)).toBeLessThanOrEqual(height);
      if (shape.kind === 'rect') expect(shape.width).toBeGreaterThan(0);
    }
  });
});

test('parts are drawn in proportion', async () => {
  const { shapes } = layOut(await boxesOf('gh200-nvl2', 'plain'));
  const parts = shapes.filter((shape) => shape.name === 'part usable' || shape.name === 'part padding');
  const [usable = 0, padding = 0] = parts
    .filter((shape) => shape.kind === 'rect' && shape.width > 20)
    .slice(-2)
    .map((shape) => (shape.kind === 'rect' ? shape.width : 0));
  expect(usable / padding).toBeCloseTo(140 / 116, 1);
});

test('whatever the words are, it stays XML', () => {
  const unit = fc.constantFrom('<', '>', '&', '"', "'", ']]>', '\u0000', '\u001b', '\ud800', '\uffff', 'é', 'a', '-');
  fc.assert(
    fc.property(fc.string({ unit }), fc.string({ unit }), (title, text) => {
      const { rect } = parsed(drawingSvg([{ title, contents: [{ kind: 'line', text }] }]));
      expect(rect.length).toBe(2);
    }),
  );
});

test('words stay the words that they were', () => {
  const words = 'GPU <0009:01:00.0> & "others"';
  const drawn = parsed(drawingSvg([{ title: 'a', contents: [{ kind: 'line', text: words }] }]));
  expect(drawn.text[1]['#text']).toBe(words);
});
