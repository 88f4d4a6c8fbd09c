import { custom } from '@oclif/core/args';

// The parts of oclif that commands are made of: its index would load all of it, and check the version of Node once more.
export { Command } from '@oclif/core/command';
export * as Flags from '@oclif/core/flags';

/** Positional arguments. oclif would read one that is missing from standard input, which in a script is other data. */
export const Args = { string: custom<string>({ ignoreStdin: true }) };
