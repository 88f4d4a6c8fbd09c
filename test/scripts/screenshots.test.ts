import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGE, SCREENSHOTS, withScreenshots } from '../../scripts/screenshots-page.ts';
import { installedPackage } from '../cli/kit/installed.ts';

test('README.md shows what the commands print', { timeout: 120_000 }, async () => {
  const page = readFileSync(PAGE, 'utf8');
  const now = await withScreenshots(page, join(installedPackage(), 'bin/run.js'));
  expect(page, 'npm run build && npm run screenshots').toBe(now);
  for (const { command } of SCREENSHOTS) expect(page).toContain(`$ ghpass ${command.join(' ')}\n`);
});
