import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Lock, sweep, whileLocked } from '../../src/guest/journal/lock.ts';
import { livingProcess } from './living-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const GPU = '0009:01:00.0';
/** No process has this number: the limit of Linux is 2^22. */
const DEAD = { pid: 99_999_999, startTime: '1' };

/** A directory with the lock of another process. */
function lockedBy(holder: { pid: number; startTime: string }, number = 1): string {
  const directory = temporaryDirectory();
  const { pid, startTime } = holder;
  const text = JSON.stringify({ pid, startTime, command: 'ghpass smoke' });
  writeFileSync(join(directory, `${GPU}.${number}.lock`), text);
  return directory;
}

test('what is locked is refused with the name of the holder, and what is released is not', () => {
  const directory = join(temporaryDirectory(), 'not/there/yet');
  const lock = Lock.take(directory, GPU, 'ghpass bind');
  expect(readdirSync(directory)).toEqual([`${GPU}.1.lock`]);
  expect(() => Lock.take(directory, GPU, 'ghpass smoke')).toThrow(
    expect.objectContaining({
      kind: 'check',
      code: 'journal.busy',
      message: `ghpass bind (process ${process.pid}) is working on ${GPU}`,
      suggestions: ['wait until it has ended', `ps -fp ${process.pid}`],
    }),
  );
  expect(readdirSync(directory)).toEqual([`${GPU}.1.lock`]);
  Lock.take(directory, 'guest-demo', 'ghpass smoke').release();
  lock.release();
  expect(readdirSync(directory)).toEqual([]);
});

test('a living process of another number keeps its lock', async () => {
  const directory = lockedBy(await livingProcess(), 7);
  expect(() => Lock.take(directory, GPU, 'ghpass bind')).toThrow(/^ghpass smoke \(process \d+\) is working on/);
});

test('the lock of a process that is gone is none, and is swept away', () => {
  const directory = lockedBy(DEAD, 7);
  const lock = Lock.take(directory, GPU, 'ghpass bind');
  expect(readdirSync(directory)).toEqual([`${GPU}.7.lock`, `${GPU}.8.lock`]);
  writeFileSync(join(directory, `${GPU}.jsonl.99999999-1.draft`), '');
  sweep(directory);
  expect(readdirSync(directory)).toEqual([`${GPU}.8.lock`]);
  lock.release();
});

test('what was locked is released where the second one is not to be had', async () => {
  const directory = lockedBy(await livingProcess());
  const locked = whileLocked(directory, ['0008:01:00.0', GPU], 'ghpass bind', async () => undefined);
  await expect(locked).rejects.toMatchObject({ code: 'journal.busy' });
  expect(readdirSync(directory)).toEqual([`${GPU}.1.lock`]);
});
