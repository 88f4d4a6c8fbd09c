import { describe, expect, test } from 'vitest';
import { networkOf } from '../../src/ui/network-flags.ts';

const QEMU = { fallback: 'none', backend: 'qemu' } as const;
const linkOf = (network: string, forward?: string[]) => networkOf({ network, forward }, QEMU)?.link;

test('without a flag, a guest has what its back end gives it', () => {
  expect(networkOf({}, QEMU)).toBeNull();
  expect(networkOf({}, { ...QEMU, fallback: 'user' })).toEqual({ link: { kind: 'user', forwards: [] }, mac: null });
});

test('a port that is forwarded asks for a network, too', () => {
  const ssh = { protocol: 'tcp', address: '127.0.0.1', hostPort: 2222, guestPort: 22 };
  expect(networkOf({ forward: ['2222:22'] }, QEMU)).toEqual({ link: { kind: 'user', forwards: [ssh] }, mac: null });
});

test.each([
  ['bridge=br0', { kind: 'bridge', bridge: 'br0' }],
  ['network=default', { kind: 'network', network: 'default' }],
  ['network=lab 2', { kind: 'network', network: 'lab 2' }],
  ['passt', { kind: 'passt', forwards: [] }],
])('--network %s', (text, link) => {
  expect(linkOf(text)).toEqual(link);
});

test.each([
  ['tcp:2222:22', { protocol: 'tcp', address: '127.0.0.1', hostPort: 2222, guestPort: 22 }],
  ['udp:0.0.0.0:5353:53', { protocol: 'udp', address: '0.0.0.0', hostPort: 5353, guestPort: 53 }],
  ['192.0.2.1:80:8080', { protocol: 'tcp', address: '192.0.2.1', hostPort: 80, guestPort: 8080 }],
])('--forward %s', (text, forward) => {
  expect(linkOf('user', [text])).toEqual({ kind: 'user', forwards: [forward] });
});

describe('what is refused', () => {
  test.each([
    '',
    'usr',
    'bridge=',
    'bridge=a/b',
    'bridge=..',
    'bridge=sixteen-letters1',
    'network=',
    'network=a/b',
    'user,x',
  ])('--network %j', (text) => {
    expect(() => linkOf(text)).toThrow(`--network ${text}: it is user, passt, bridge=NAME, network=NAME or none`);
  });

  test.each(['22', '0:22', '2222:65536', 'sctp:1:2', 'localhost:1:2', '1:2:3', '127.0.0.1,x:1:2'])(
    '--forward %s',
    (text) => {
      expect(() => linkOf('user', [text])).toThrow(`--forward ${text}: it is PORT:PORT`);
    },
  );

  test.each(['none', 'bridge=br0', 'network=default'])('--forward where nothing is translated: %s', (network) => {
    expect(() => linkOf(network, ['2222:22'])).toThrow(`and with --network ${network} nothing is`);
  });

  test('--forward where libvirt has QEMU translate', () => {
    const ask = (network: string) => networkOf({ network, forward: ['2222:22'] }, { ...QEMU, backend: 'libvirt' });
    expect(() => ask('user')).toThrow('libvirt forwards ports to a guest by passt only');
    expect(ask('passt')?.link.kind).toBe('passt');
  });

  test.each(['52:54:00:12:34', '53:54:00:12:34:56', '00:00:00:00:00:00', 'x'])('--mac %s', (mac) => {
    expect(() => networkOf({ network: 'user', mac }, QEMU)).toThrow(`--mac ${mac}: it is six bytes`);
  });

  test('an address is taken in capitals, too', () => {
    expect(networkOf({ network: 'user', mac: '52:54:00:AB:CD:EF' }, QEMU)?.mac).toBe('52:54:00:ab:cd:ef');
  });
});
