import { appendFileSync, chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findJournals } from '../../src/guest/journal/found-journal.ts';
import { Journal } from '../../src/guest/journal/journal.ts';
import { ownStartTime } from '../../src/guest/journal/process-identity.ts';
import { livingProcess } from './living-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const GPU = '0009:01:00.0';
const CHANGE = { kind: 'driver', address: GPU, before: null } as const;

/** A journal that another process left, or is writing. */
function foreignJournal(owner: { pid: number; startTime: string }, ...more: object[]): string {
  const directory = temporaryDirectory();
  const line = { kind: 'owner', ...owner, command: 'ghpass smoke', mark: 'foreign', partOf: null };
  const lines = [line, CHANGE, ...more];
  writeFileSync(join(directory, `${GPU}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return directory;
}

/** No process has this number: the limit of Linux is 2^22. */
const DEAD = { pid: 99_999_999, startTime: '1' };

test('each change is on the disk before it is made, behind the one who makes it', () => {
  const directory = join(temporaryDirectory(), 'not/there/yet');
  const journal = Journal.open(directory, GPU, 'ghpass bind');
  const lines = () =>
    readFileSync(join(directory, `${GPU}.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const mark = journal.environment.GHPASS_MARK;
  const startTime = ownStartTime();
  const owner = { kind: 'owner', pid: process.pid, startTime, command: 'ghpass bind', mark, partOf: null };
  expect(lines()).toEqual([owner]);
  journal.record(CHANGE);
  expect(lines()).toEqual([owner, CHANGE]);
  expect(journal.changes()).toEqual([CHANGE]);
  expect(findJournals(directory)).toEqual([
    {
      subject: GPU,
      path: join(directory, `${GPU}.jsonl`),
      command: 'ghpass bind',
      interrupted: 'ghpass bind',
      ownerPid: process.pid,
      ownerStartTime: startTime,
      ownerAlive: true,
      kept: false,
      partOf: null,
      marks: [mark],
      changes: [CHANGE],
    },
  ]);
  journal.close();
  expect(readdirSync(directory)).toEqual([]);
});

test('what is kept stays on the disk', () => {
  const directory = temporaryDirectory();
  const journal = Journal.open(directory, GPU, 'ghpass bind');
  journal.record(CHANGE);
  journal.keep();
  expect(findJournals(directory)).toMatchObject([{ kept: true, changes: [CHANGE] }]);
  expect(() => Journal.open(directory, GPU, 'ghpass smoke')).toThrow(
    expect.objectContaining({
      kind: 'check',
      code: 'journal.kept',
      message: `${GPU} is already in the hands of ghpass (ghpass bind)`,
      suggestions: [`ghpass release ${GPU}`],
    }),
  );
});

test('a subject that another command works on is left alone', async () => {
  const owner = await livingProcess();
  expect(() => Journal.open(foreignJournal(owner), GPU, 'ghpass bind')).toThrow(
    expect.objectContaining({
      kind: 'check',
      code: 'journal.busy',
      message: `ghpass smoke (process ${owner.pid}) is working on ${GPU}`,
      suggestions: ['wait until it has ended', `ps -fp ${owner.pid}`],
    }),
  );
});

test('a subject that a killed command left is to be recovered first', () => {
  expect(() => Journal.open(foreignJournal(DEAD), GPU, 'ghpass bind')).toThrow(
    expect.objectContaining({
      kind: 'check',
      code: 'journal.open',
      message: `ghpass smoke (process ${DEAD.pid}) ended without putting ${GPU} back`,
      suggestions: ['ghpass recover'],
    }),
  );
});

test('a process that got the number of the owner is not the owner', () => {
  const directory = foreignJournal({ pid: process.pid, startTime: '1' });
  expect(findJournals(directory)).toMatchObject([{ ownerPid: process.pid, ownerAlive: false }]);
});

test('a refused command leaves nothing of its own behind', () => {
  const directory = foreignJournal(DEAD);
  expect(() => Journal.open(directory, GPU, 'ghpass bind')).toThrow();
  expect(readdirSync(directory)).toEqual([`${GPU}.jsonl`]);
  expect(findJournals(directory)[0]?.command).toBe('ghpass smoke');
});

test('a last line that a crash cut short was not made yet', () => {
  const directory = foreignJournal(DEAD);
  appendFileSync(join(directory, `${GPU}.jsonl`), '{"kind":"driver-override","addr');
  expect(findJournals(directory)).toMatchObject([{ changes: [CHANGE] }]);
});

test('a line in the middle that cannot be read is told, with the file', () => {
  const directory = foreignJournal(DEAD);
  const path = join(directory, `${GPU}.jsonl`);
  appendFileSync(path, 'nonsense\n{"kind":"kept"}\n');
  expect(() => findJournals(directory)).toThrow(
    expect.objectContaining({
      kind: 'check',
      code: 'journal.broken',
      message: `${path}: line 3 is no JSON, so what was changed on this host is not known`,
      suggestions: [`cat ${path}`, `rm ${path}   # once the host is as it should be`],
    }),
  );
});

test('where it cannot be written, nothing is changed', () => {
  const directory = join(temporaryDirectory(), 'a-file');
  writeFileSync(directory, '');
  expect(() => Journal.open(directory, GPU, 'ghpass bind')).toThrow(
    expect.objectContaining({
      kind: 'permission',
      code: 'journal.unwritable',
      message: `${join(directory, `${GPU}.jsonl`)}: EEXIST; what is not written down is not changed`,
      suggestions: ['run ghpass as root'],
    }),
  );
});

test.skipIf(process.getuid?.() === 0)('where writing is not allowed, it says so', () => {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o500);
  expect(() => Journal.open(directory, GPU, 'ghpass bind')).toThrow(/EACCES; what is not written down is not changed$/);
});

test('where nothing was ever changed, nothing is found', () => {
  const directory = join(temporaryDirectory(), 'nothing');
  expect(findJournals(directory)).toEqual([]);
  expect(existsSync(directory)).toBe(false);
});

test('a journal that is taken over is no longer kept, and what a crash cut short does not spoil the next line', () => {
  const directory = foreignJournal(DEAD, { kind: 'kept' });
  appendFileSync(join(directory, `${GPU}.jsonl`), '{"kind":"dri');
  const [found] = findJournals(directory);
  if (!found) throw new Error('the journal was not found');
  expect(found.kept).toBe(true);
  const journal = Journal.resume(found, 'ghpass release');
  expect(findJournals(directory)).toMatchObject([
    { command: 'ghpass release', ownerPid: process.pid, kept: false, changes: [CHANGE] },
  ]);
  expect(journal.earlierMarks()).toEqual(['foreign']);
  journal.close();
  expect(readdirSync(directory)).toEqual([]);
});
