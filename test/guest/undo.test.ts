import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findJournals } from '../../src/guest/journal/found-journal.ts';
import { Journal } from '../../src/guest/journal/journal.ts';
import { isAlive, markedEnvironment } from '../../src/guest/journal/process-identity.ts';
import { undo } from '../../src/guest/undo/undo.ts';
import type { Change } from '../../src/host/journal-lines.ts';
import { livingProcess } from './living-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const QUIET = { progress: () => undefined };

/** A journal of this process with these changes in it. */
function journalOf(changes: readonly Change[]): Journal {
  const journal = Journal.open(temporaryDirectory(), 'demo', 'ghpass test');
  for (const change of changes) journal.record(change);
  return journal;
}

/** The journal of a process that is gone, taken over by this one. */
function takenOver(mark: string, ...changes: Change[]): Journal {
  const directory = temporaryDirectory();
  const owner = { kind: 'owner', pid: 99_999_999, startTime: '1', command: 'ghpass bind', mark, partOf: null };
  const lines = [owner, ...changes].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(join(directory, 'demo.jsonl'), lines.join(''));
  const [found] = findJournals(directory);
  if (!found) throw new Error('the journal was not found');
  return Journal.resume(found, 'ghpass recover');
}

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
  await undo(journalOf(changes), QUIET);
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(existsSync(path)).toBe(false);
  await undo(journalOf(changes), QUIET);
});

test('the process goes before its directory: the last change is undone first', async () => {
  const path = join(temporaryDirectory(), 'demo');
  mkdirSync(path);
  const seen = join(path, '../seen');
  const { pid, startTime } = await livingProcess(`trap 'ls -d ${path} > ${seen}; exit' TERM`);
  await undo(
    journalOf([
      { kind: 'directory', path },
      { kind: 'process', pid, startTime },
    ]),
    QUIET,
  );
  expect(existsSync(seen)).toBe(true);
  expect(existsSync(path)).toBe(false);
});

test('a process that got the same number since is left alone', async () => {
  const { pid, startTime } = await livingProcess();
  await undo(journalOf([{ kind: 'process', pid, startTime: '1' }]), QUIET);
  expect(isAlive(pid, startTime)).toBe(true);
});

test('a process that does not listen is killed', async () => {
  const { pid, startTime, child } = await livingProcess("trap '' TERM");
  const ended = once(child, 'exit');
  await undo(journalOf([{ kind: 'process', pid, startTime }]), QUIET);
  expect(await ended).toEqual([null, 'SIGKILL']);
}, 20_000);

test('a directory that was never made is no failure', async () => {
  await undo(journalOf([{ kind: 'directory', path: join(temporaryDirectory(), 'never') }]), QUIET);
});

test('a guest is found by its mark, whatever was written down of it afterwards', async () => {
  const { pid, startTime, child } = await livingProcess('', markedEnvironment('guest-of-this-test'));
  const ended = once(child, 'exit');
  await undo(journalOf([{ kind: 'guest', mark: 'guest-of-this-test' }]), QUIET);
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(isAlive(pid, startTime)).toBe(false);
});

test('a tool that outlived its ghpass is waited for: what it is about to do cannot be undone yet', async () => {
  const path = join(temporaryDirectory(), 'late');
  const environment = markedEnvironment('orphan-that-ends');
  const { pid } = await livingProcess(`echo ready; sleep 1; mkdir ${path}; exit`, environment);
  const told: string[] = [];
  await undo(takenOver('orphan-that-ends', { kind: 'directory', path }), { progress: (line) => told.push(line) });
  expect(told[0]).toMatch(new RegExp(`^waiting for process ${pid} \\(sh -c .*\\), at most 300 s$`, 's'));
  expect(existsSync(path)).toBe(false);
});

test('one that does not end is named, and nothing is undone', async () => {
  const path = temporaryDirectory();
  const { pid } = await livingProcess('', markedEnvironment('orphan-that-stays'));
  const journal = takenOver('orphan-that-stays', { kind: 'directory', path });
  await expect(undo(journal, { ...QUIET, orphansMs: 200 })).rejects.toMatchObject({
    kind: 'timeout',
    code: 'undo.process-left',
    message: expect.stringMatching(
      new RegExp(
        `^demo: process ${pid} \\(sh -c .*\\), which ghpass started, is still at work after \\d+ s, in state [SR]; before it ends, nothing is undone$`,
        's',
      ),
    ),
    suggestions: [
      `cat /proc/${pid}/stack   # where it hangs`,
      'dmesg | tail',
      'ghpass recover   # once it has ended',
      'reboot the host, if it does not end',
    ],
  });
  expect(existsSync(path)).toBe(true);
});

test('a child that was left behind in the kernel is not waited for: as long as it is there, nothing is undone', async () => {
  const path = temporaryDirectory();
  const { pid, startTime, child } = await livingProcess();
  const abandoned = { kind: 'abandoned', pid, startTime, what: 'unbinding 0009:01:00.0 from nvidia' } as const;
  const journal = journalOf([{ kind: 'directory', path }, abandoned]);
  await expect(undo(journal, QUIET)).rejects.toMatchObject({ code: 'undo.process-left' });
  expect(existsSync(path)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await undo(journal, QUIET);
  expect(existsSync(path)).toBe(false);
});
