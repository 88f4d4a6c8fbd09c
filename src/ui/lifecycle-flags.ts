import { Flags } from './oclif.ts';

/** Flags of the commands that ask before they end or remove something. */
export const confirmationFlags = {
  yes: Flags.boolean({ char: 'y', description: 'yes, without asking' }),
  input: Flags.boolean({ default: true, allowNo: true, description: 'ask at a terminal' }),
};
