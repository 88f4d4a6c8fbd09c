import { appendFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConsoleLog } from '../../src/guest/proof/console-log.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

test('what a guest wrote is read to its end, and nothing where it has not started', () => {
  const path = join(temporaryDirectory(), 'console.log');
  expect(readConsoleLog(path)).toBe('');
  appendFileSync(path, 'EFI stub: Booting Linux Kernel…\r\n');
  expect(readConsoleLog(path)).toBe('EFI stub: Booting Linux Kernel…\r\n');
});

test('of a guest that writes without end the last part is read', () => {
  const path = join(temporaryDirectory(), 'console.log');
  truncateSync(appended(path, ''), 3 * 2 ** 30);
  appendFileSync(path, 'ghpass-report: {}\n');
  expect(readConsoleLog(path, 18)).toBe('ghpass-report: {}\n');
});

function appended(path: string, text: string): string {
  appendFileSync(path, text);
  return path;
}
