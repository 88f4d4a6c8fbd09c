import { ENVIRONMENT, EXIT_STATUSES, FILES } from '../../src/ui/help-topics.ts';
import { type CommandPage, usageOf } from './read-commands.ts';

const INTRODUCTION = `<!-- Written by \`npm run docs\` from src/commands and src/ui/help-topics.ts; changes belong there. -->

# Commands

What \`ghpass COMMAND --help\` says, in one place. The same is in the manual: \`man ghpass-probe\`.
`;

/** The reference of all commands, as Markdown. */
export function commandsPage(commands: readonly CommandPage[]): string {
  return [
    INTRODUCTION,
    ...commands.map(section),
    table(
      'Exit status',
      ['status', 'it means'],
      EXIT_STATUSES.map(([code, meaning]) => [`${code}`, meaning]),
    ),
    table('Environment', ['variable', 'what it does'], ENVIRONMENT.map(coded)),
    table('Files', ['file', 'what it is'], FILES.map(coded)),
  ].join('\n');
}

function section(command: CommandPage): string {
  const { id, summary, description, args, flags, examples } = command;
  const global = flags.filter(({ isGlobal }) => isGlobal).map(({ name }) => `\`--${name}\``);
  const rows = [
    ...args.map(({ name, description: text }) => [`\`${name.toUpperCase()}\``, text]),
    ...flags.filter(({ isGlobal }) => !isGlobal).map((flag) => [`\`${spelling(flag)}\``, described(flag)]),
  ];
  return [
    `## ghpass ${id}`,
    '',
    escaped(summary),
    '',
    ...(description === '' ? [] : [escaped(description), '']),
    '```sh',
    usageOf(command),
    ...examples,
    '```',
    '',
    ...(rows.length === 0 ? [] : [...tableLines(['', ''], rows), '']),
    `And ${global.join(', ')}.`,
    '',
  ].join('\n');
}

function spelling({ name, char, value, allowNo }: CommandPage['flags'][number]): string {
  const short = char === null ? '' : `-${char}, `;
  return `${short}--${allowNo ? '[no-]' : ''}${name}${value === null ? '' : ` ${value}`}`;
}

function described({ description, fallback, isMultiple }: CommandPage['flags'][number]): string {
  const more = [isMultiple ? 'may be given more than once' : null, fallback === null ? null : `default ${fallback}`];
  const notes = more.filter(Boolean).join('; ');
  return `${description}${notes && ` (${notes})`}`;
}

function table(heading: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [`## ${heading}`, '', ...tableLines(head, rows), ''].join('\n');
}

function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const cell = (text: string) => (text.startsWith('`') ? text.replaceAll('|', '\\|') : escaped(text));
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(cell)))];
}

function coded([name, text]: readonly [string, string]): string[] {
  return [`\`${name}\``, text];
}

function escaped(text: string): string {
  return text.replaceAll(/[|*<>]|(?<![A-Za-z0-9])_/g, '\\$&');
}
