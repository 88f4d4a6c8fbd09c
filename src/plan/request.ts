import { GhpassError } from '../errors.ts';
import { formatBytes, GIB, MIB } from '../vfio/bytes.ts';
import type { DomainFacts } from './domain-facts.ts';
import type { GuestBoot } from './guest-plan.ts';
import type { NetworkRequest } from './network.ts';

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
  /** Null: no network card. */
  network: NetworkRequest | null;
  /** The guest is there already: its cells stay, and its bus numbers are taken. */
  domain?: DomainFacts;
  placement: PlacementRequest;
}

/** Where a guest is on its host. What is not asked for leaves the host alone: pages, CPUs and SMMUs may be meant for others. */
export interface PlacementRequest {
  /** Size of huge pages in bytes; `auto`: huge pages, of the size that fits best; null: ordinary pages. */
  hugePages: bigint | 'auto' | null;
  /** Keep the threads of the guest on the CPUs of the nodes that its memory comes from. */
  pin: boolean;
  /** An SMMUv3 for the guest in front of each GPU; `auto`: where all that it needs is known to be there. */
  smmu: 'auto' | 'on' | 'off';
}

/** What is planned where nothing is asked for. */
export const DEFAULT_PLACEMENT: PlacementRequest = { hugePages: null, pin: false, smmu: 'auto' };

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
  const bytes = parseSize(text);
  if (bytes !== null && bytes >= MINIMUM_MEMORY && bytes % MIB === 0n) return bytes;
  const why =
    bytes !== null && bytes % MIB === 0n
      ? `at least ${formatBytes(MINIMUM_MEMORY)}`
      : 'a whole number of MiB, as in 64G';
  throw new GhpassError('usage', {
    code: 'guest.memory-invalid',
    message: `--memory ${text}: the memory of a guest is ${why}`,
    suggestions: [`--memory ${formatBytes(4n * GIB).replace(' ', '')}`],
  });
}

/**
 * `none`, `auto`, or the size of a huge page: `2M`, `512MiB`.
 * @returns as {@link PlacementRequest} has it.
 * @throws GhpassError `hugepages.size-invalid`.
 */
export function requireHugePages(text: string): PlacementRequest['hugePages'] {
  if (text === 'none') return null;
  if (text === 'auto') return text;
  const bytes = parseSize(text) ?? 0n;
  if (bytes > 0n && (bytes & (bytes - 1n)) === 0n) return bytes;
  throw new GhpassError('usage', {
    code: 'hugepages.size-invalid',
    message: `--hugepages ${text}: huge pages are a power of two long, as in 2M or 512M; or auto, or none`,
    suggestions: ['--hugepages auto'],
  });
}

/** @returns bytes; null where the text is no size. */
export function parseSize(text: string): bigint | null {
  const match = /^(\d+)([KMGT]?)(?:iB|B)?$/i.exec(text.trim());
  const power = 'KMGT'.indexOf(match?.[2]?.toUpperCase() || '-') + 1;
  return match ? BigInt(match[1] ?? 0) * 1024n ** BigInt(power) : null;
}
