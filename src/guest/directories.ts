import { lstatSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { GhpassError } from '../errors.ts';
import { ROOT_JOURNALS } from '../host/leftovers.ts';

/** Name of the file, in a guest's directory, that says what was asked for. */
export const DEFINITION = 'guest.json';

/** Where everything is that ghpass keeps of guests. */
export function guestDirectories(env: NodeJS.ProcessEnv): { runtime: string; journal: string; guests: string } {
  return { runtime: runtimeDirectory(env), journal: journalDirectory(env), guests: guestsDirectory(env) };
}

/**
 * Where a guest's sockets, logs and copies live while it runs: gone after a reboot, as the guest is.
 * @throws GhpassError those of {@link ownDirectory}.
 */
export function runtimeDirectory(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/run/ghpass';
  return join(env.XDG_RUNTIME_DIR ?? ownDirectory(`/tmp/ghpass-${process.getuid?.()}`), 'ghpass');
}

/**
 * Makes a directory where everybody can make one, before somebody else does; whoever owns it can put sockets of their own there.
 * @throws GhpassError `permission.directory` where it is not this user's alone.
 */
export function ownDirectory(path: string): string {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code;
    if (errno !== 'EEXIST') throw notOwn(path, `cannot be made: ${errno}`, error);
  }
  const found = lstatSync(path);
  if (!found.isDirectory()) throw notOwn(path, 'is no directory');
  if (found.uid !== process.getuid?.()) throw notOwn(path, `belongs to user ${found.uid}`);
  const mode = found.mode & 0o777;
  if ((mode & 0o022) !== 0) throw notOwn(path, `can be written to by others (mode ${mode.toString(8)})`);
  return path;
}

function notOwn(path: string, why: string, cause?: unknown): GhpassError {
  return new GhpassError('permission', {
    code: 'permission.directory',
    message: `${path}, for the sockets of guests, ${why}`,
    suggestions: [`ls -ld ${path}`, 'export XDG_RUNTIME_DIR=/run/user/$(id -u)   # what a login makes'],
    cause,
  });
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
  return join(env.XDG_STATE_HOME ?? join(env.HOME ?? homedir(), '.local/state'), 'ghpass');
}
