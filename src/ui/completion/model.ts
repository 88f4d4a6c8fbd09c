import type { Command } from '@oclif/core/command';

/** What a word may be. What is not known to the script it asks the machine for, by globs: nothing is run. */
export type Words =
  | { kind: 'none' | 'files' | 'gpus' | 'guests' }
  | { kind: 'words'; words: readonly string[] }
  /** One of the words, or a file. */
  | { kind: 'words-or-files'; words: readonly string[] }
  /** Some of the words, with commas between. */
  | { kind: 'list'; words: readonly string[] };

export interface CompletedFlag {
  name: string;
  char: string | null;
  description: string;
  isMultiple: boolean;
  /** Null for one that is on or off. */
  value: Words | null;
}

export interface CompletedCommand {
  id: string;
  summary: string;
  flags: CompletedFlag[];
  /** By their position; what comes behind is `rest`. */
  words: Words[];
  rest: Words;
}

/** What is completed that no command says by itself. */
export interface Vocabulary {
  hosts: readonly string[];
  checks: readonly string[];
  topics: readonly string[];
}

const NONE: Words = { kind: 'none' };
const GUESTS: Words = { kind: 'guests' };
const GPUS: Words = { kind: 'gpus' };

type Loadable = Pick<Command.Loadable, 'id' | 'summary' | 'args' | 'flags' | 'strict'>;

/** What can stand where on the command line, from what oclif knows of the commands. */
export function completedCommands(commands: readonly Loadable[], vocabulary: Vocabulary): CompletedCommand[] {
  const topics = [...commands.map(({ id }) => id), ...vocabulary.topics].sort();
  return commands
    .map((command): CompletedCommand => {
      const { id, summary = '', flags } = command;
      return { id, summary, flags: flagsOf(flags, vocabulary), ...positions(command, topics) };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function flagsOf(flags: Loadable['flags'], vocabulary: Vocabulary): CompletedFlag[] {
  return Object.values(flags).flatMap((flag): CompletedFlag[] => {
    const { name, char = null, description = '' } = flag;
    const common = { name, char, description };
    if (flag.type === 'option') {
      return [{ ...common, isMultiple: flag.multiple === true, value: takenBy(flag, vocabulary) }];
    }
    const yes = { ...common, isMultiple: false, value: null };
    return flag.allowNo ? [yes, { ...yes, name: `no-${name}`, char: null, description: `not: ${description}` }] : [yes];
  });
}

/** From the name of the value in the help, which means the same everywhere. */
function takenBy(
  { options, helpValue }: { options?: readonly string[]; helpValue?: string | string[] },
  { hosts, checks }: Vocabulary,
): Words {
  if (options) return { kind: 'words', words: options };
  switch (`${helpValue}`) {
    case 'ADDRESS':
      return GPUS;
    case 'FILE':
    case 'FILE|DIR':
      return { kind: 'files' };
    case 'SOURCE':
      return { kind: 'words-or-files', words: hosts };
    case 'ID,…':
      return { kind: 'list', words: checks };
    case 'URI':
      return { kind: 'words', words: ['qemu:///system', 'qemu:///session'] };
    case 'SIZE|auto|none':
      return { kind: 'words', words: ['auto', 'none'] };
    default:
      return NONE;
  }
}

/** Words that are no flags. A command that takes any number of them takes GPUs, behind the guest where it wants one. */
function positions(
  { id, args, strict }: Loadable,
  topics: readonly string[],
): Pick<CompletedCommand, 'words' | 'rest'> {
  const words = Object.values(args).map(({ name, options }): Words => {
    if (options) return { kind: 'words', words: options };
    if (name === 'topic') return { kind: 'words', words: topics };
    if (name === 'address') return GPUS;
    return name === 'vm' || (name === 'name' && id !== 'create-vm') ? GUESTS : NONE;
  });
  return strict === false ? { words: words.filter((one) => one !== GPUS), rest: GPUS } : { words, rest: NONE };
}
