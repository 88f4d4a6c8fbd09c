import type { Finding } from '../../checks/check.ts';
import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { definedGuests, type GuestDefinition, readDefinition } from '../definition/definition-schema.ts';
import { guestNames } from '../journal/found-journal.ts';
import { journalsOf } from './end-guest.ts';
import type { GuestEntry } from './guest-entry.ts';
import { type SeenState, stateOfDomain, stateOfProcess } from './guest-state.ts';

export interface KnownOptions {
  directories: { runtime: string; journal: string; guests: string };
  signal: AbortSignal;
}

/** @throws GhpassError `guest.unknown`. */
export function requireDefinition(guests: string, name: string): GuestDefinition {
  const definition = readDefinition(guests, name);
  if (definition) return definition;
  throw new GhpassError('usage', {
    code: 'guest.unknown',
    message: `ghpass made no guest named ${name}`,
    suggestions: ['ghpass list', `virsh start ${shellWord(name)}   # or shutdown, where it is somebody else's domain`],
  });
}

/** What a guest of ghpass does. @throws GhpassError those of `Virsh`. */
export async function stateOfGuest(
  name: string,
  { domain }: GuestDefinition,
  { directories, signal }: KnownOptions,
): Promise<SeenState> {
  const { running } = journalsOf(directories.journal, name);
  if (domain === null) return stateOfProcess(name, running, directories.runtime);
  const { Virsh } = await import('../../libvirt/virsh.ts');
  return stateOfDomain(new Virsh(domain.uri, { signal }), domain.uuid, running);
}

/**
 * The guests that ghpass made, and the domains of one libvirt that it gave GPUs to. Where a libvirt does not answer, a finding says so.
 * @param connect URI of that libvirt.
 */
export async function listGuests(
  connect: string,
  options: KnownOptions,
): Promise<{ guests: GuestEntry[]; findings: Finding[] }> {
  const { journal, guests: directory } = options.directories;
  const names = [...new Set([...definedGuests(directory), ...guestNames(journal)])].sort();
  const findings: Finding[] = [];
  const known = await Promise.all(names.map((name) => ownEntry(name, options, findings)));
  const own = known.filter((entry) => entry !== null);
  const uuids = names.map((name) => definitionOrNull(directory, name)?.domain?.uuid);
  const foreign = await foreignEntries(connect, uuids, options, findings);
  const usesLibvirt = own.some(({ backend }) => backend === 'libvirt');
  const told = findings.filter(({ id }) => usesLibvirt || id !== 'libvirt.missing');
  return { guests: [...own, ...foreign].sort((a, b) => (a.name < b.name ? -1 : 1)), findings: once(told) };
}

/** @returns null for a directory that is no guest's. */
async function ownEntry(name: string, options: KnownOptions, findings: Finding[]): Promise<GuestEntry | null> {
  const { journal, guests } = options.directories;
  const unknown = { name, backend: 'qemu', uri: null, vcpus: null, memoryBytes: null, gpus: [], own: true } as const;
  try {
    const definition = readDefinition(guests, name);
    const { running, lasting } = journalsOf(journal, name);
    if (definition === null) {
      if (!running && !lasting) return null;
      const { state, why } = await stateOfProcess(name, running ?? lasting, options.directories.runtime);
      return { ...unknown, gpus: [], state, why };
    }
    const { backend, gpus, domain, request } = definition;
    const { vcpus, memoryBytes } = request;
    const entry = { name, backend, uri: domain?.uri ?? null, vcpus, memoryBytes, gpus, own: true };
    return { ...entry, ...(await stateOrWhy(name, definition, options, findings)) };
  } catch (error) {
    findings.push(asFinding(error, name, 'warn'));
    return { ...unknown, gpus: [], state: 'unknown', why: (error as Error).message };
  }
}

async function stateOrWhy(
  name: string,
  definition: GuestDefinition,
  options: KnownOptions,
  findings: Finding[],
): Promise<SeenState> {
  try {
    return await stateOfGuest(name, definition, options);
  } catch (error) {
    const finding = asFinding(error, definition.domain?.uri ?? name, 'info');
    findings.push(finding);
    return { state: 'unknown', why: finding.message };
  }
}

async function foreignEntries(
  connect: string,
  own: readonly (string | undefined)[],
  { signal }: KnownOptions,
  findings: Finding[],
): Promise<GuestEntry[]> {
  try {
    const { foreignGuests } = await import('../domain/foreign-guests.ts');
    return await foreignGuests(connect, own, signal);
  } catch (error) {
    findings.push(asFinding(error, connect, 'info'));
    return [];
  }
}

function asFinding(error: unknown, subject: string, severity: 'info' | 'warn'): Finding {
  if (!(error instanceof GhpassError)) throw error;
  const { code, message, suggestions } = error;
  return { id: code, severity, subject, message, remedy: [...suggestions], reference: 'virsh; the state of ghpass' };
}

function definitionOrNull(guests: string, name: string): GuestDefinition | null {
  try {
    return readDefinition(guests, name);
  } catch {
    return null;
  }
}

function once(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ id, subject }) => !seen.has(`${id} ${subject}`) && seen.add(`${id} ${subject}`));
}
