import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@oclif/core/command';

const COMMANDS = join(import.meta.dirname, '../../src/commands');

/** A command as its own class describes it: what `--help`, the manual and the reference say follows from this. */
export interface CommandPage {
  id: string;
  summary: string;
  description: string;
  examples: string[];
  args: { name: string; isRequired: boolean; isMultiple: boolean; description: string }[];
  flags: FlagEntry[];
}

interface FlagEntry {
  name: string;
  char: string | null;
  /** What stands behind it; null for one that is on or off. */
  value: string | null;
  allowNo: boolean;
  isMultiple: boolean;
  isGlobal: boolean;
  fallback: string | null;
  description: string;
}

/** All commands, in order of their names. */
export async function readCommands(): Promise<CommandPage[]> {
  const ids = readdirSync(COMMANDS).map((name) => name.replace(/\.ts$/, ''));
  return Promise.all(
    ids.sort().map(async (id) => pageOf(id, (await import(join(COMMANDS, `${id}.ts`))).default as Command.Class)),
  );
}

function pageOf(id: string, command: Command.Class): CommandPage {
  const { summary = '', description = '', examples = [], args = {}, flags = {}, baseFlags = {} } = command;
  const global = Object.entries(baseFlags);
  const json = { type: 'boolean', description: 'print one JSON document' } as const;
  return {
    id,
    summary,
    description,
    examples: examples.map((example) => plain(typeof example === 'string' ? example : example.command)),
    args: Object.entries(args).map(([name, { required = false, description: text = '' }]) => ({
      name,
      isRequired: required,
      isMultiple: !command.strict,
      description: text,
    })),
    flags: [
      ...Object.entries(flags).map(([name, flag]) => flagEntry(name, flag as Flag, false)),
      ...[...global, ['json', json] as const].map(([name, flag]) => flagEntry(name, flag as Flag, true)),
    ],
  };
}

interface Flag {
  type: 'boolean' | 'option';
  char?: string;
  helpValue?: string;
  options?: readonly string[];
  allowNo?: boolean;
  multiple?: boolean;
  default?: unknown;
  description?: string;
}

function flagEntry(name: string, flag: Flag, isGlobal: boolean): FlagEntry {
  const { char = null, allowNo = false, multiple = false, description = '' } = flag;
  const value = flag.options?.join('|') ?? flag.helpValue ?? name.toUpperCase();
  return {
    name,
    char,
    value: flag.type === 'option' ? value : null,
    allowNo,
    isMultiple: multiple,
    isGlobal,
    fallback: flag.type === 'option' && typeof flag.default === 'string' ? flag.default : null,
    description,
  };
}

function plain(example: string): string {
  return example.replaceAll('<%= config.bin %>', 'ghpass');
}

/** `ghpass probe [ADDRESS…] [FLAGS]`. */
export function usageOf({ id, args }: CommandPage): string {
  const words = args.map(({ name, isRequired, isMultiple }) => {
    const word = `${name.toUpperCase()}${isMultiple ? '…' : ''}`;
    return isRequired ? word : `[${word}]`;
  });
  return ['ghpass', id, ...words, '[FLAGS]'].join(' ');
}
