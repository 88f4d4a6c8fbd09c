import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import type { Change } from '../../host/journal-lines.ts';
import { filesToRemove } from '../definition/definition.ts';
import { type GuestDefinition, readDefinition } from '../definition/definition-schema.ts';
import { Journal } from '../journal/journal.ts';
import { isAlive } from '../journal/process-identity.ts';
import { definitionJournal } from '../journal/subjects.ts';
import { type EndOptions, endGuest, journalsOf, whileGuestLocked } from './end-guest.ts';

/** One thing that goes with a guest. */
export interface Removal {
  kind: 'process' | 'domain' | 'gpu' | 'file';
  what: string;
}

export interface Deletion {
  name: string;
  /** As far as ghpass has it written down: a process, or a domain that was started. */
  running: boolean;
  removed: Removal[];
  /** Paths that stay: disks that somebody else made, and what else is in the guest's directory. */
  stays: string[];
}

export interface DeleteOptions extends EndOptions {
  /** Where each guest has its definition. */
  guests: string;
}

/**
 * What `delete` would do, from what was written down of the guest; changes nothing.
 * @throws GhpassError `guest.unknown`.
 */
export function planDeletion(name: string, { journals, guests }: DeleteOptions): Deletion {
  const path = join(guests, name);
  const { running, lasting, gpus } = journalsOf(journals, name);
  if (!running && !lasting && !existsSync(path)) throw unknown(name);
  const changes = [running, lasting, ...gpus].flatMap((journal) => journal?.changes ?? []);
  const known = lasting ? changes : [...changes, { kind: 'definition', path } as const];
  const removed = known.flatMap(removalsOf);
  const files = new Set(removed.map(({ what }) => what));
  const others = existsSync(path) ? readdirSync(path).map((file) => join(path, file)) : [];
  const disks = definitionOf(guests, name)?.request.boot.disks.map((disk) => disk.path) ?? [];
  return {
    name,
    running: removed.some(({ kind }) => kind === 'process') || changes.some(({ kind }) => kind === 'domain-run'),
    removed,
    stays: [...new Set([...disks, ...others])].filter((file) => !files.has(file)),
  };
}

/**
 * Ends a guest, gives back its GPUs, and removes what ghpass made for it; disks that it did not make stay. What is half deleted is
 * deleted whole.
 * @throws GhpassError `guest.unknown`, `journal.busy`, and of what could not be undone.
 */
export function deleteGuest(name: string, options: DeleteOptions): Promise<void> {
  return whileGuestLocked(name, options, async () => {
    const { running, lasting } = journalsOf(options.journals, name);
    const path = join(options.guests, name);
    if (!running && !lasting && !existsSync(path)) throw unknown(name);
    if (!lasting) adopt(name, path, options);
    await endGuest(name, 'all', options);
  });
}

/** A guest whose journal was lost is taken for what its directory says. */
function adopt(name: string, path: string, { journals, guests, command }: DeleteOptions): void {
  const domain = definitionOf(guests, name)?.domain;
  const journal = Journal.open(journals, definitionJournal(name), command);
  journal.record({ kind: 'definition', path });
  if (domain) journal.record({ kind: 'domain', uri: domain.uri, name, uuid: domain.uuid, before: null });
  journal.keep();
}

function removalsOf(change: Change): Removal[] {
  switch (change.kind) {
    case 'process':
      return isAlive(change.pid, change.startTime) ? [{ kind: 'process', what: `${change.pid}` }] : [];
    case 'domain':
      return [{ kind: 'domain', what: `${change.name} at ${change.uri}, with the variables of its firmware` }];
    case 'driver':
      return [{ kind: 'gpu', what: `${change.address} goes back to ${change.before ?? 'no driver'}` }];
    case 'definition':
      return files(filesToRemove(change.path));
    case 'directory':
      return files(filesBelow(change.path));
    default:
      return [];
  }
}

function files(paths: readonly string[]): Removal[] {
  return paths.map((what) => ({ kind: 'file', what }));
}

/** What is at a path; the path itself where it is a file. */
function filesBelow(path: string): string[] {
  try {
    return readdirSync(path).map((name) => join(path, name));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? [path] : [];
  }
}

/** @returns null also for a definition that cannot be read: the guest can still be deleted. */
function definitionOf(guests: string, name: string): GuestDefinition | null {
  try {
    return readDefinition(guests, name);
  } catch {
    return null;
  }
}

function unknown(name: string): GhpassError {
  return new GhpassError('usage', {
    code: 'guest.unknown',
    message: `ghpass knows no guest named ${name}`,
    suggestions: ['ghpass list'],
  });
}
