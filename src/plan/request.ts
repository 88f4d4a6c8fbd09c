import { GhpassError } from '../errors.ts';
import { formatBytes, GIB, MIB } from '../vfio/bytes.ts';
import type { DomainFacts } from './domain-facts.ts';
import type { GuestBoot } from './guest-plan.ts';

/** What the user asks for. */
export interface GuestRequest {
  name: string;
  memoryBytes: bigint;
  vcpus: number;
  /** Null: KVM where it works, else TCG. */
  accelerator: 'kvm' | 'tcg' | null;
  /** Null: iommufd where the host and QEMU have it. */
  iommufd: boolean | null;
  boot: GuestBoot;
  /** The guest is there already: its cells stay, and its bus numbers are taken. */
  domain?: DomainFacts;
}

/** What QEMU, libvirt, file names and host names all take without quoting. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** Below this UEFI and a distribution's kernel do not come up. */
const MINIMUM_MEMORY = 512n * MIB;

/** @throws GhpassError `guest.name-invalid`. */
export function requireGuestName(name: string): string {
  if (NAME.test(name)) return name;
  throw new GhpassError('usage', {
    code: 'guest.name-invalid',
    message: `${JSON.stringify(name)} is no guest name: letters, digits, ".", "_" and "-", at most 63, the first a letter or digit`,
    suggestions: ['ghpass create-vm demo'],
  });
}

/**
 * A size as people type it: `64G`, `64GiB`, `65536M`, bytes without a unit. Units are binary.
 * @throws GhpassError `guest.memory-invalid`.
 */
export function requireMemorySize(text: string): bigint {
  const match = /^(\d+)([KMGT]?)(?:iB|B)?$/i.exec(text.trim());
  const power = 'KMGT'.indexOf(match?.[2]?.toUpperCase() || '-') + 1;
  const bytes = match ? BigInt(match[1] ?? 0) * 1024n ** BigInt(power) : 0n;
  if (bytes >= MINIMUM_MEMORY && bytes % MIB === 0n) return bytes;
  const why =
    match && bytes % MIB === 0n ? `at least ${formatBytes(MINIMUM_MEMORY)}` : 'a whole number of MiB, as in 64G';
  throw new GhpassError('usage', {
    code: 'guest.memory-invalid',
    message: `--memory ${text}: the memory of a guest is ${why}`,
    suggestions: [`--memory ${formatBytes(4n * GIB).replace(' ', '')}`],
  });
}
