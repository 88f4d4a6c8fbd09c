import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.ts';

/** Answers of the kernel, by call; the language is described in fake-system.c. An array answers one after the other. */
export type Scenario = Readonly<Record<string, string | readonly string[]>>;

export interface HelperRun {
  status: number | null;
  stdout: string;
  stderr: string;
  /** The system calls in order, each as in the scenario; `close PATH` and, at the end, `leaked PATH`. */
  calls: string[];
}

/** Runs the helper on a fake kernel; `command` is the executable, or a wrapper with its arguments before it. */
export function runOnFakeKernel(
  command: string | readonly string[],
  args: readonly string[],
  scenario: Scenario,
): HelperRun {
  const directory = temporaryDirectory();
  const scenarioFile = join(directory.path, 'scenario');
  const traceFile = join(directory.path, 'trace');
  writeFileSync(scenarioFile, scenarioText(scenario));
  writeFileSync(traceFile, '');

  const [executable = '', ...wrapped] = typeof command === 'string' ? [command] : command;
  const run = spawnSync(executable, [...wrapped, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, GHPASS_VFIO_SCENARIO: scenarioFile, GHPASS_VFIO_TRACE: traceFile },
  });
  const calls = readFileSync(traceFile, 'utf8').split('\n').slice(0, -1);
  directory.remove();
  return { status: run.status, stdout: run.stdout, stderr: run.stderr, calls };
}

/** What was opened and not closed, and what was closed without having been opened. */
export function unbalanced(calls: readonly string[], scenario: Scenario): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const call of calls) {
    const [verb, path = ''] = call.split(' ');
    const answers = [scenario[call] ?? []].flat();
    const opened = answers.find((answer) => answer.startsWith('opens '))?.slice('opens '.length);
    if (verb === 'open' && answers.includes('ok')) open.push(path);
    if (opened !== undefined) open.push(opened);
    if (verb === 'close') open.includes(path) ? open.splice(open.indexOf(path), 1) : wrong.push(path);
    if (verb === 'leaked') wrong.push(call);
  }
  return [...wrong, ...open];
}

/** A scenario as fake-system.c reads it. */
export function scenarioText(scenario: Scenario): string {
  return Object.entries(scenario)
    .flatMap(([call, answers]) => [answers].flat().map((answer) => `${call} = ${answer}\n`))
    .join('');
}
