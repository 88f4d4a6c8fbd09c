import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive } from '../../src/guest/process-identity.ts';
import { undo } from '../../src/guest/undo.ts';
import { livingProcess } from './living-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('ends the process and removes the directory that were made, and does the same again without harm', async () => {
  const path = join(temporaryDirectory(), 'demo');
  mkdirSync(path);
  writeFileSync(join(path, 'console.log'), '');
  const { pid, startTime, child } = await livingProcess();
  const ended = once(child, 'exit');
  const changes = [
    { kind: 'directory', path },
    { kind: 'process', pid, startTime },
  ] as const;
  await undo(changes);
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(existsSync(path)).toBe(false);
  await undo(changes);
});

test('the process goes before its directory: the last change is undone first', async () => {
  const path = join(temporaryDirectory(), 'demo');
  mkdirSync(path);
  const seen = join(path, '../seen');
  const { pid, startTime } = await livingProcess(`trap 'ls -d ${path} > ${seen}; exit' TERM`);
  await undo([
    { kind: 'directory', path },
    { kind: 'process', pid, startTime },
  ]);
  expect(existsSync(seen)).toBe(true);
  expect(existsSync(path)).toBe(false);
});

test('a process that got the same number since is left alone', async () => {
  const { pid, startTime } = await livingProcess();
  await undo([{ kind: 'process', pid, startTime: '1' }]);
  expect(isAlive(pid, startTime)).toBe(true);
});

test('a process that does not listen is killed', async () => {
  const { pid, startTime, child } = await livingProcess("trap '' TERM");
  const ended = once(child, 'exit');
  await undo([{ kind: 'process', pid, startTime }]);
  expect(await ended).toEqual([null, 'SIGKILL']);
}, 20_000);

test('a directory that was never made is no failure', async () => {
  await undo([{ kind: 'directory', path: join(temporaryDirectory(), 'never') }]);
});
