import { describe, expect, test } from 'vitest';
// @ts-expect-error: a file for the bundle, without declarations.
import Output from '../../scripts/bundle/ink/output.js';
// @ts-expect-error: the same.
import { recent } from '../../scripts/bundle/ink/recent.js';

const PLAIN = { transformers: [] };

describe('the rows of a screen', () => {
  test('are where they were written, without blanks at their ends, and changed by what changes them', () => {
    const output = new Output({ width: 80, height: 4 });
    output.write(0, 0, 'first  ', PLAIN);
    output.write(0, 2, 'third\nfourth', { transformers: [(line: string, row: number) => `${row} ${line}`] });
    expect(output.get()).toEqual({ output: 'first\n\n0 third\n1 fourth', height: 4 });
  });

  test.each([
    ['beside', 4, 1],
    ['over', 0, 0],
  ])('have no text %s another one', (_, column, row) => {
    const output = new Output({ width: 80, height: 2 });
    output.write(0, 0, 'here', PLAIN);
    expect(() => output.write(column, row, 'there', PLAIN)).toThrow(`text beside another one in row ${row}`);
  });
});

test('what was measured of late is remembered, and no more than some screens of it', () => {
  const measured: string[] = [];
  const widthOf = recent((text: string, columns: number) => {
    measured.push(text);
    return Math.min(text.length, columns);
  });
  expect([widthOf('row', 2), widthOf('row', 2), widthOf('row', 80)]).toEqual([2, 2, 3]);
  expect(measured).toEqual(['row', 'row']);
  for (let i = 0; i < 1_000; i++) widthOf(`${i}`, 80);
  widthOf('row', 2);
  expect(measured.filter((text) => text === 'row')).toHaveLength(3);
});
