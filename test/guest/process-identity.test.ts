import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, ownStartTime, startTimeOf } from '../../src/guest/journal/process-identity.ts';
import { livingProcess } from './living-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('a process is known by its number and the time of its start', async () => {
  const { pid, startTime, child } = await livingProcess();
  expect(isAlive(pid, startTime)).toBe(true);
  expect(isAlive(pid, `${BigInt(startTime) - 1n}`)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(pid, startTime)).toBe(false);
  expect(startTimeOf(pid)).toBeNull();
});

test('the own process is one of them', () => {
  expect(isAlive(process.pid, ownStartTime())).toBe(true);
  expect(ownStartTime()).toMatch(/^\d+$/);
});

test('a name with blanks and parentheses does not mislead', async () => {
  const program = join(temporaryDirectory(), 'a) S 1 (b');
  copyFileSync('/bin/sleep', program);
  const child = spawn(program, ['60'], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'spawn');
  const { pid: other, startTime } = await livingProcess();
  const ticks = startTimeOf(child.pid ?? 0) ?? '';
  expect(ticks).toMatch(/^\d+$/);
  expect(Math.abs(Number(ticks) - Number(startTime))).toBeLessThan(3_000);
  expect(other).not.toBe(child.pid);
});
