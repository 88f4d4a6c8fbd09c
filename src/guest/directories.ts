import { dirname, join } from 'node:path';
import { ROOT_JOURNALS } from '../host/leftovers.ts';

/** Name of the file, in a guest's directory, that says what was asked for. */
export const DEFINITION = 'guest.json';

/** Where everything is that ghpass keeps of guests. */
export function guestDirectories(env: NodeJS.ProcessEnv): { runtime: string; journal: string; guests: string } {
  return { runtime: runtimeDirectory(env), journal: journalDirectory(env), guests: guestsDirectory(env) };
}

/** Where a guest's sockets, logs and copies live while it runs: gone after a reboot, as the guest is. */
export function runtimeDirectory(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/run/ghpass';
  return join(env.XDG_RUNTIME_DIR ?? `/tmp/ghpass-${process.getuid?.()}`, 'ghpass');
}

/** Where each guest has a directory for what stays when it ends: its definition, the variables of its firmware, disks. */
export function guestsDirectory(env: NodeJS.ProcessEnv): string {
  return join(stateDirectory(env), 'guests');
}

/** Where the definition of a guest is. */
export function definitionFile(guests: string, name: string): string {
  return join(guests, name, DEFINITION);
}

/**
 * Where the journals are: not on /run, because a binding is to be undone after a crash of the host too where an override
 * in a unit or udev rule would bring it back.
 */
export function journalDirectory(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return ROOT_JOURNALS;
  return join(stateDirectory(env), 'journal');
}

function stateDirectory(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return dirname(ROOT_JOURNALS);
  return join(env.XDG_STATE_HOME ?? join(env.HOME ?? '/tmp', '.local/state'), 'ghpass');
}
