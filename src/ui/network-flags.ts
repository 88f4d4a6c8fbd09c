import { isIPv4 } from 'node:net';
import { GhpassError } from '../errors.ts';
import type { NetworkLink, NetworkRequest, PortForward } from '../plan/network.ts';
import { Flags } from '../ui/oclif.ts';

/** Flags about the network card of a guest. */
export const networkFlags = {
  network: Flags.string({
    helpValue: 'user|passt|bridge=NAME|network=NAME|none',
    description:
      'network card of the guest: translated by QEMU or by passt, on a bridge of the host, on a network of libvirt, or none; user with --image, else none',
  }),
  forward: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '[tcp:|udp:][ADDRESS:]PORT:PORT',
    description:
      'port of the host that leads to one of the guest, as in 2222:22; on 127.0.0.1 where no address is named',
  }),
  mac: Flags.string({
    helpValue: 'ADDRESS',
    description: 'address of the network card; by default one that the name of the guest gives',
  }),
};

/** What the flags say, as text. */
interface Given {
  network?: string | undefined;
  forward?: string[] | undefined;
  mac?: string | undefined;
}

/** Names of network devices (Linux, dev_valid_name): no slash, no colon, no white space, at most 15 bytes. */
const DEVICE_NAME = /^(?!\.{1,2}$)[^\s/:\p{Cc}]{1,15}$/u;
/** Six bytes, the first with the bit clear that a group address has. */
const MAC = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i;
const FORWARD = /^(?:(tcp|udp):)?(?:([^:]+):)?(\d{1,5}):(\d{1,5})$/;

/**
 * The network of the flags of `create-vm`.
 * @param fallback what a guest gets that no network is asked for.
 * @returns null for a guest without a card.
 * @throws GhpassError `network.invalid`, `network.forward-invalid`, `network.mac-invalid`.
 */
export function networkOf(
  { network, forward = [], mac }: Given,
  { fallback, backend }: { fallback: 'user' | 'none'; backend: 'qemu' | 'libvirt' },
): NetworkRequest | null {
  const forwards = forward.map(parseForward);
  const text = network ?? (forwards.length > 0 ? 'user' : fallback);
  if (text === 'none') {
    if (forwards.length > 0) throw noForwards(text);
    return null;
  }
  const link = parseLink(text, forwards);
  if (link.kind === 'user' && backend === 'libvirt' && forwards.length > 0) throw noForwardsOfLibvirt(forward);
  return { link, mac: mac === undefined ? null : requireMac(mac) };
}

function parseLink(text: string, forwards: PortForward[]): NetworkLink {
  if (text === 'user' || text === 'passt') return { kind: text, forwards };
  const [, kind, name = ''] = /^(bridge|network)=(.+)$/s.exec(text) ?? [];
  const isName = kind === 'bridge' ? DEVICE_NAME.test(name) : !/\p{Cc}|\//u.test(name);
  if (kind === undefined || !isName) throw invalid(text);
  if (forwards.length > 0) throw noForwards(text);
  return kind === 'bridge' ? { kind, bridge: name } : { kind: 'network', network: name };
}

function parseForward(text: string): PortForward {
  const [, protocol = 'tcp', address = '127.0.0.1', host, guest] = FORWARD.exec(text) ?? [];
  const [hostPort, guestPort] = [Number(host), Number(guest)];
  const isPort = (port: number) => port >= 1 && port <= 65_535;
  if (isIPv4(address) && isPort(hostPort) && isPort(guestPort)) {
    return { protocol: protocol as PortForward['protocol'], address, hostPort, guestPort };
  }
  throw new GhpassError('usage', {
    code: 'network.forward-invalid',
    message: `--forward ${text}: it is PORT:PORT, of the host and of the guest, from 1 to 65535; tcp: or udp:, and an IPv4 address of the host may stand before them`,
    suggestions: ['--forward 2222:22', '--forward udp:0.0.0.0:5353:53'],
  });
}

function requireMac(text: string): string {
  if (MAC.test(text) && !/^[0:]+$/.test(text)) return text.toLowerCase();
  throw new GhpassError('usage', {
    code: 'network.mac-invalid',
    message: `--mac ${text}: it is six bytes as in 52:54:00:12:34:56, and the first is even: no group has a network card`,
    suggestions: ['--mac 52:54:00:12:34:56'],
  });
}

function invalid(text: string): GhpassError {
  return new GhpassError('usage', {
    code: 'network.invalid',
    message: `--network ${text}: it is user, passt, bridge=NAME, network=NAME or none`,
    suggestions: ['--network user --forward 2222:22', '--network bridge=br0', '--network none'],
  });
}

function noForwards(text: string): GhpassError {
  return new GhpassError('usage', {
    code: 'network.forward-invalid',
    message: `--forward is for a guest whose addresses are translated, and with --network ${text} nothing is`,
    suggestions: ['--network user', '--network passt'],
  });
}

/** libvirt has ports of its own for passt alone (docs/formatdomain: portForward). */
function noForwardsOfLibvirt(forward: readonly string[]): GhpassError {
  return new GhpassError('usage', {
    code: 'network.forward-invalid',
    message: 'libvirt forwards ports to a guest by passt only, and QEMU itself is to translate its addresses',
    suggestions: [
      `--network passt ${forward.map((text) => `--forward ${text}`).join(' ')}`,
      '--network network=default',
    ],
  });
}
