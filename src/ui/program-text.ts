import type { ProgramEnd, ProgramRun } from '../host/programs/program-events.ts';
import { shellWord } from '../host/programs/shell-word.ts';
import { shellCommand } from './shell-quote.ts';

/** A command line that is longer gets a line for each option. */
const ONE_LINE = 110;

/** A program as it can be pasted into a shell, with what it reads. */
export function programText({ argv, input }: Pick<ProgramRun, 'argv' | 'input'>): string {
  const short = argv.map(shellWord).join(' ');
  const command = short.length <= ONE_LINE ? short : shellCommand(argv);
  if (input === null) return command;
  const lines = input.replace(/\n$/, '');
  let end = 'END';
  while (lines.split('\n').includes(end)) end += '_';
  return `${command} <<'${end}'\n${lines}\n${end}`;
}

/** How it ended, as a comment of a shell. */
export function programEndText({ argv }: Pick<ProgramRun, 'argv'>, { how, elapsedMs }: ProgramEnd): string {
  return `# ${nameOf(argv)}: ${how} after ${(elapsedMs / 1000).toFixed(2)} s`;
}

/** What is waited for, and how long at most. */
export function programWaitText({ argv, deadlineMs }: ProgramRun, elapsedMs: number): string {
  const atMost = deadlineMs === null ? '' : ` of at most ${Math.round(deadlineMs / 1000)} s`;
  return `waiting for ${nameOf(argv)}: ${Math.round(elapsedMs / 1000)} s${atMost}`;
}

/** The program with its first words: `virsh dumpxml`, `ghpass-vfio probe`. */
function nameOf([program = '', ...args]: readonly string[]): string {
  const verb = args.find((word) => !word.startsWith('-'));
  const name = program.split('/').at(-1) ?? program;
  return verb !== undefined && /^[a-z][a-z-]*$/.test(verb) ? `${name} ${verb}` : name;
}
