import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ProgramRun } from '../../src/host/programs/program-events.ts';
import { runTool } from '../../src/host/programs/run-tool.ts';
import { startQemu } from '../../src/qemu/process.ts';
import { tellPrograms, tellWaits } from '../../src/ui/follow-programs.ts';
import { programText, programWaitText } from '../../src/ui/program-text.ts';
import { temporaryDirectories } from '../cli/kit/temporary-directories.ts';
import fc from '../fixtures/fast-check.ts';

const temporaryDirectory = temporaryDirectories();

/** A program of the test's own, behind PATH. */
function program(script: string): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'ghpass-test-tool'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, 'ghpass-test-tool'), 0o755);
  return directory;
}

const told: string[] = [];
const waits = { terminal: [] as string[], log: [] as string[] };
tellPrograms((lines) => told.push(lines));
tellWaits(true, (line) => waits.terminal.push(line));
tellWaits(false, (line) => waits.log.push(line));

beforeEach(() => {
  for (const list of [told, waits.terminal, waits.log]) list.length = 0;
});

describe('a program that is run is told', () => {
  test('with the path at which it was found, what it reads, its status and its time; marks in its environment are not', async () => {
    const directory = program('cat; exit 3');
    const options = { searchAlso: [directory], input: 'first\nEND\n', env: { GHPASS_MARK: 'a-mark' } };
    await runTool('ghpass-test-tool', ['--name', 'a b', '$HOME'], options);
    await sleep(0);
    expect(told).toEqual([
      `${directory}/ghpass-test-tool --name 'a b' '$HOME' <<'END_'\nfirst\nEND\nEND_`,
      expect.stringMatching(/^# ghpass-test-tool: status 3 after \d+\.\d\d s$/),
    ]);
    expect(told.join()).not.toContain('a-mark');
  });

  test.each([
    ['that a signal ends', 'kill -9 $$', /: SIGKILL after /],
    ['that outlives its deadline', 'exec sleep 60', /: SIGTERM after /],
  ])('%s', async (_what, script, end) => {
    const directory = program(script);
    await runTool('ghpass-test-tool', [], { searchAlso: [directory], deadlineMs: 500 }).catch(() => null);
    await sleep(0);
    expect(told.at(-1)).toMatch(end);
  });

  test('also where it is not there', async () => {
    await runTool('ghpass-no-such-tool', ['list']).catch(() => null);
    await sleep(0);
    expect(told).toEqual([
      'ghpass-no-such-tool list',
      expect.stringMatching(/^# ghpass-no-such-tool list: not started /),
    ]);
  });

  test('also where ghpass does not wait for its end, as for QEMU', async () => {
    const directory = program('exit 4');
    await startQemu(join(directory, 'ghpass-test-tool'), ['-S'], join(directory, 'log')).exited;
    await sleep(0);
    expect(told).toEqual([`${directory}/ghpass-test-tool -S`, expect.stringContaining(': status 4 after ')]);
  });
});

test('a shell that gets it pasted runs the same words with the same input', () => {
  const word = fc.string({ unit: 'binary-ascii', maxLength: 80 }).filter((text) => !text.includes('\0'));
  const input = fc.option(fc.array(fc.stringMatching(/^[ -~]*$/)).map((lines) => `${lines.join('\n')}\n`));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), input, (args, read) => {
      const text = programText({ argv: ['printf', '%s\\0', ...args], input: null });
      const output = execFileSync('sh', ['-c', text], { encoding: 'utf8' });
      expect(output.split('\0').slice(0, Math.max(1, args.length))).toEqual(args.length === 0 ? [''] : args);
      if (read !== null)
        expect(execFileSync('sh', ['-c', programText({ argv: ['cat'], input: read })], { encoding: 'utf8' })).toBe(
          read,
        );
    }),
    { numRuns: 40 },
  );
});

test('somebody at a terminal hears after a second what is waited for, and a log later', async () => {
  const directory = program('exec sleep 1.6');
  await runTool('ghpass-test-tool', ['dumpxml', 'demo'], { searchAlso: [directory], deadlineMs: 30_000 });
  expect(waits).toEqual({ terminal: ['waiting for ghpass-test-tool dumpxml: 1 s of at most 30 s'], log: [] });
});

test('who reports on it is not spoken over', async () => {
  const directory = program('exec sleep 1.4');
  await runTool('ghpass-test-tool', [], { searchAlso: [directory], onWait: () => {} });
  expect(waits.terminal).toEqual([]);
});

test('what has no deadline is waited for as long as it takes', () => {
  const run: ProgramRun = {
    argv: ['/usr/bin/virsh', '--connect=qemu:///system', '--quiet', 'domcapabilities'],
    input: null,
    deadlineMs: null,
    isReported: false,
    ended: new Promise(() => {}),
  };
  expect(programWaitText(run, 61_400)).toBe('waiting for virsh domcapabilities: 61 s');
});
