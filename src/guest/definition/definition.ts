import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import { DEFINITION, definitionFile } from '../directories.ts';
import type { Journal } from '../journal/journal.ts';
import { draftOf } from '../journal/lock.ts';
import { guestExists } from '../journal/taken.ts';
import type { GuestDefinition } from './definition-schema.ts';

/** libvirt's QEMU runs as another user, and has to get through to its files, but need not see what else is there. */
const PASSABLE = 0o711;

/** A size is a decimal string, so that none is rounded. */
export function exactJson(value: object): string {
  const text = JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}` : member), 2);
  return `${text}\n`;
}

/**
 * Makes the directory of what stays of a guest when it ends, with its definition in it. Files that the definition names are
 * the caller's to make, afterwards.
 * @returns the directory.
 * @throws GhpassError `guest.exists`, `permission.directory`.
 */
export function makeDefinition(guests: string, definition: GuestDefinition, journal: Pick<Journal, 'record'>): string {
  const { name } = definition.request;
  const path = join(guests, name);
  if (existsSync(path)) throw guestExists(name, path);
  journal.record({ kind: 'definition', path });
  try {
    mkdirSync(path, { recursive: true, mode: PASSABLE });
    // A umask, or a journal that came first, may have made them otherwise.
    for (const directory of [dirname(guests), guests, path]) chmodSync(directory, PASSABLE);
    writeDefinition(guests, definition);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code;
    throw new GhpassError('permission', { code: 'permission.directory', message: `${path}: ${errno}`, cause: error });
  }
  return path;
}

/** Writes a definition whole: whoever reads it finds the old one or the new one. */
function writeDefinition(guests: string, definition: GuestDefinition): void {
  const file = definitionFile(guests, definition.request.name);
  const draft = draftOf(file);
  const descriptor = openSync(draft, 'w', 0o600);
  try {
    writeSync(descriptor, exactJson(definition));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
}

/** What ghpass has in a guest's directory; the definition is the last one, because it has the names of the others. */
export function filesToRemove(path: string): string[] {
  const present = listed(path);
  const made = namesIn(join(path, DEFINITION));
  const drafts = present.filter((name) => name.startsWith(`${DEFINITION}.`) && name.endsWith('.draft'));
  return [
    ...present.filter((name) => made.includes(name)),
    ...drafts,
    ...present.filter((name) => name === DEFINITION),
  ].map((name) => join(path, name));
}

/** Removes what ghpass made of a guest's directory, and the directory, unless somebody else has something in it. */
export function removeDefinition(path: string): void {
  for (const file of filesToRemove(path)) rmSync(file, { force: true });
  if (existsSync(path) && listed(path).length === 0) rmdirSync(path);
}

/** From the document as it is: what cannot be read otherwise can still be removed. */
function namesIn(file: string): string[] {
  try {
    const { files } = JSON.parse(readFileSync(file, 'utf8')) as { files?: unknown };
    return Array.isArray(files) ? files.filter((name) => typeof name === 'string' && !name.includes('/')) : [];
  } catch {
    return [];
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
