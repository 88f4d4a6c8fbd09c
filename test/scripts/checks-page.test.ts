import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checksPage } from '../../scripts/checks-page.ts';
import { ALL_CHECKS } from '../../src/checks/all.ts';

const PAGE = join(import.meta.dirname, '../../docs/checks.md');

test('docs/checks.md is what `npm run docs` writes', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(checksPage());
});

test('each check has one line', () => {
  const lines = checksPage().split('\n');
  for (const { id, severity } of ALL_CHECKS) {
    const mine = lines.filter((line) => line.startsWith(`| \`${id}\` `));
    expect(mine.map((line) => line.match(/(?<!\\)\|/g)?.length)).toEqual([6]);
    expect(mine[0]).toContain(`| ${severity} |`);
  }
});
