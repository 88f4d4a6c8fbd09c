import { ENVIRONMENT, EXIT_STATUSES, FILES } from '../../src/ui/help-topics.ts';
import type { CommandPage } from './read-commands.ts';

/** Of the release that the manual belongs to. */
const DATE = 'November 21, 2026';

const PURPOSE = 'pass Grace Hopper and Grace Blackwell GPUs with their coherent memory to guests';

const ABOUT = [
  'Asks each GPU over VFIO for the regions that the nvgrace_gpu_vfio_pci driver makes of its coherent memory, sizes a guest',
  'of QEMU or libvirt from the answer, starts it, proves inside of it that everything is there, and puts the host back as it was.',
].join(' ');

/** The pages of section 1 in mdoc(7): file name → text. */
export function manPages(commands: readonly CommandPage[]): Map<string, string> {
  const pages = [overview(commands), ...commands.map((command) => commandPage(command, commands))];
  return new Map(pages.map(({ name, lines }) => [`${name}.1`, `${lines.join('\n')}\n`]));
}

function overview(commands: readonly CommandPage[]) {
  const lines = [
    ...head('ghpass', PURPOSE),
    '.Nm',
    '.Ar command',
    '.Op Ar argument ...',
    '.Sh DESCRIPTION',
    ...text(ABOUT),
    '.Pp',
    'The commands are:',
    ...list(commands.map(({ id, summary }) => [`.It Xr ghpass-${id} 1`, summary])),
    ...common(),
    '.Sh EXAMPLES',
    ...examples(['ghpass doctor', 'ghpass probe', 'ghpass smoke --gpu 0009:01:00.0 --bind']),
    ...seeAlso(['qemu', 'virsh']),
  ];
  return { name: 'ghpass', lines };
}

function commandPage(command: CommandPage, commands: readonly CommandPage[]) {
  const { id, summary, description, args, flags } = command;
  const name = `ghpass-${id}`;
  const options = flags.map((flag): [string, string] => [`.It ${flagMacro(flag)}`, flagText(flag)]);
  const lines = [
    ...head(
      name,
      summary.replace(/\.$/, '').replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase()),
    ),
    `.Nm ghpass ${id}`,
    ...args.map(({ name: arg, isRequired, isMultiple }) => {
      const word = `Ar ${arg}${isMultiple ? ' ...' : ''}`;
      return isRequired ? `.${word}` : `.Op ${word}`;
    }),
    '.Op Ar options',
    '.Sh DESCRIPTION',
    ...text(description || summary),
    ...(args.length === 0
      ? []
      : ['.Pp', 'The arguments:', ...list(args.map((arg) => [`.It Ar ${arg.name}`, arg.description]))]),
    '.Pp',
    'The options:',
    ...list(options),
    ...common(),
    '.Sh EXAMPLES',
    ...examples(command.examples),
    ...seeAlso(['ghpass', ...commands.flatMap((other) => (other.id === id ? [] : [`ghpass-${other.id}`]))]),
  ];
  return { name, lines };
}

function head(name: string, purpose: string): string[] {
  return [
    '.\\" Written by `npm run docs` from src/commands and src/ui/help-topics.ts; changes belong there.',
    `.Dd ${DATE}`,
    `.Dt ${name.toUpperCase()} 1`,
    '.Os',
    '.Sh NAME',
    `.Nm ${name}`,
    `.Nd ${roff(purpose)}`,
    '.Sh SYNOPSIS',
  ];
}

/** The sections that are the same for each command. */
function common(): string[] {
  return [
    '.Sh ENVIRONMENT',
    ...list(ENVIRONMENT.map(([names, meaning]) => [`.It Ev ${names.replaceAll(', ', ' , ')}`, meaning])),
    '.Sh FILES',
    ...list(FILES.map(([path, meaning]) => [`.It Pa ${path}`, meaning])),
    '.Sh EXIT STATUS',
    'The same with and without',
    '.Fl \\-json :',
    ...list(EXIT_STATUSES.map(([code, meaning]) => [`.It ${code}`, meaning])),
  ];
}

function list(items: readonly (readonly [string, string])[]): string[] {
  return ['.Bl -tag -width Ds', ...items.flatMap(([item, meaning]) => [item, ...text(meaning)]), '.El'];
}

function flagMacro({ name, char, value, allowNo }: CommandPage['flags'][number]): string {
  const argument = value === null ? '' : ` Ar ${roff(value)}`;
  const long = `Fl \\-${hyphens(name)}${argument}`;
  return [char === null ? null : `Fl ${char}${argument}`, long, allowNo ? `Fl \\-no\\-${hyphens(name)}` : null]
    .filter(Boolean)
    .join(' , ');
}

function flagText({ description, fallback, isMultiple }: CommandPage['flags'][number]): string {
  const more = [isMultiple ? 'may be given more than once' : null, fallback === null ? null : `default ${fallback}`];
  const notes = more.filter(Boolean).join('; ');
  return `${description}${notes && ` (${notes})`}`;
}

function examples(commands: readonly string[]): string[] {
  return ['.Bd -literal', ...commands.map((command) => `$ ${hyphens(roff(command))}`), '.Ed'];
}

function seeAlso(names: readonly string[]): string[] {
  return ['.Sh SEE ALSO', ...names.map((name, i) => `.Xr ${name} 1${i < names.length - 1 ? ' ,' : ''}`)];
}

/** Lines of at most 80 bytes; each sentence begins one, as roff likes it to find their ends. */
function text(paragraph: string): string[] {
  return paragraph.split(/(?<=[.:;!?]) (?=[A-Z-])/).flatMap((sentence) => {
    const lines: string[] = [];
    for (const word of roff(sentence).split(' ')) {
      const longer = `${lines.at(-1)} ${word}`;
      // A line that begins with one of these is a request.
      if (lines.length > 0 && (longer.length <= 80 || /^[.']/.test(word))) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  });
}

/** Characters that roff reads otherwise, and those that are not ASCII. */
function roff(words: string): string {
  const named: Readonly<Record<string, string>> = { '…': '...', '’': '\\(cq', '"': '\\(dq' };
  return words
    .replaceAll('\\', '\\e')
    .replaceAll(/[…’"]|[^ -~]/gu, (character) => {
      return named[character] ?? `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
    })
    .replace(/^(?=[.'])/, '\\&');
}

/** That can be pasted: roff sets a plain one as a hyphen. */
function hyphens(words: string): string {
  return words.replaceAll('-', '\\-');
}
