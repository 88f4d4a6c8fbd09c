import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { LibvirtFacts } from './libvirt-facts.ts';

/** Programs of which a new build can come under the same version, as a distribution's fixes do. */
const DAEMONS = ['/usr/sbin/virtqemud', '/usr/sbin/libvirtd'];

/** A change of what is kept. */
const FORMAT = 1;

/**
 * What a libvirt answered before.
 * @param identity its address, and what it says of its version and of the machine.
 * @param emulator the QEMU that it uses, where that is on this machine.
 * @returns null where nothing is kept of it that this user wrote.
 */
export function readCachedLibvirt(identity: readonly string[], emulator: string): LibvirtFacts | null {
  try {
    const file = fileFor(identity, emulator);
    // With sudo the directory can be another user's, who must not tell root what libvirt says.
    if (statSync(file).uid !== process.getuid?.()) return null;
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<LibvirtFacts> | null;
    return typeof kept?.acpiNodeset === 'boolean' ? (kept as LibvirtFacts) : null;
  } catch {
    return null;
  }
}

/** Keeps what a libvirt answered; a directory that cannot be written means to ask again. */
export function writeCachedLibvirt(identity: readonly string[], emulator: string, facts: LibvirtFacts): void {
  try {
    const file = fileFor(identity, emulator);
    const temporary = `${file}.${process.pid}`;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, JSON.stringify(facts), { mode: 0o600 });
    renameSync(temporary, file);
  } catch {}
}

function fileFor(identity: readonly string[], emulator: string): string {
  const programs = [...DAEMONS, emulator].map(buildOf);
  const hash = createHash('sha256').update(JSON.stringify([FORMAT, ...identity, ...programs]));
  return join(cacheDirectory(process.env), 'ghpass', 'libvirt', `${hash.digest('hex').slice(0, 16)}.json`);
}

function buildOf(program: string): string {
  const stat = statSync(program, { throwIfNoEntry: false });
  return stat ? `${program} ${stat.size} ${stat.mtimeMs}` : program;
}

/** `$XDG_CACHE_HOME`, where it is absolute as the specification wants it, else `~/.cache`. */
function cacheDirectory({ XDG_CACHE_HOME: base }: NodeJS.ProcessEnv): string {
  return base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache');
}
