import { createHash } from 'node:crypto';
import { GhpassError } from '../errors.ts';
import { compareVersions } from '../host/kernel/kernel.ts';
import type { QemuFacts } from '../host/programs/qemu.ts';

/** A port of the host that leads to one of the guest. */
export interface PortForward {
  protocol: 'tcp' | 'udp';
  /** IPv4 address of the host that listens. */
  address: string;
  hostPort: number;
  guestPort: number;
}

/** What a guest's network card is connected to. */
export type NetworkLink =
  /** Addresses are translated by QEMU itself, or by passt: no rights are needed, and nobody reaches the guest but by forwards. */
  | { kind: 'user' | 'passt'; forwards: readonly PortForward[] }
  /** A bridge of the host. */
  | { kind: 'bridge'; bridge: string }
  /** A virtual network of libvirt. */
  | { kind: 'network'; network: string };

/** What is asked for; without an address of its own, the card gets that of the guest's name. */
export interface NetworkRequest {
  link: NetworkLink;
  mac: string | null;
}

/** One virtio card. */
export interface PlannedNetwork {
  link: NetworkLink;
  mac: string;
}

/** `-netdev passt` (QEMU 10.1, net/passt.c). libvirt needs no such QEMU: it starts passt itself. */
const PASST_QEMU = [10, 1, 0] as const;
/** The prefix that QEMU and libvirt give to their guests. */
const MAC_PREFIX = '52:54:00';

/**
 * The card of a guest. By its name, the address is the same at each start, so that leases and host keys stay with it.
 * @returns null where no network is asked for.
 */
export function planNetwork(name: string, request: NetworkRequest | null): PlannedNetwork | null {
  return request && { link: request.link, mac: request.mac ?? macOf(name) };
}

function macOf(name: string): string {
  const digest = createHash('sha256').update(`ghpass ${name}`).digest('hex');
  return [MAC_PREFIX, digest.slice(0, 2), digest.slice(2, 4), digest.slice(4, 6)].join(':');
}

/**
 * What only some of the programs can that start guests as processes.
 * @throws GhpassError `network.passt-unsupported`, `network.libvirt-only`.
 */
export function requireLinkOfQemu(network: PlannedNetwork | null, qemu: QemuFacts | null): void {
  if (network?.link.kind === 'network') {
    throw new GhpassError('usage', {
      code: 'network.libvirt-only',
      message: `network=${network.link.network} is a network of libvirt, and QEMU would be started as a process`,
      suggestions: ['--backend libvirt', '--network user', '--network bridge=NAME'],
    });
  }
  if (network?.link.kind !== 'passt' || qemu === null || compareVersions(qemu.version, PASST_QEMU) >= 0) return;
  throw new GhpassError('check', {
    code: 'network.passt-unsupported',
    message: `QEMU ${qemu.version.join('.')} (${qemu.binary}) starts no passt: that came with QEMU ${PASST_QEMU.join('.')}`,
    suggestions: ['--network user', '--backend libvirt --network passt'],
  });
}
