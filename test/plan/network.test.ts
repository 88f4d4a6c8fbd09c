import { describe, expect, test } from 'vitest';
import { type NetworkLink, planNetwork, requireLinkOfQemu } from '../../src/plan/network.ts';
import { TOOLS } from '../fixtures/grace-host.ts';

const USER: NetworkLink = { kind: 'user', forwards: [] };
const qemu = (...version: [number, number, number]) => TOOLS.qemu && { ...TOOLS.qemu, version };
const planned = (link: NetworkLink) => planNetwork('demo', { link, mac: null });

test('no network is planned where none is asked for', () => {
  expect(planNetwork('demo', null)).toBeNull();
});

describe('the address of the card', () => {
  test('is that of the name, the same each time, and another one for each name', () => {
    expect(planned(USER)).toEqual({ link: USER, mac: '52:54:00:ca:cf:e4' });
    const names = Array.from({ length: 200 }, (_, i) => `guest${i}`);
    expect(new Set(names.map((name) => planNetwork(name, { link: USER, mac: null })?.mac)).size).toBe(200);
  });

  test('is the one that was asked for', () => {
    expect(planNetwork('demo', { link: USER, mac: '02:00:00:00:00:01' })?.mac).toBe('02:00:00:00:00:01');
  });
});

describe('a guest that is a process of QEMU', () => {
  test.each(['user', 'passt'] as const)('has %s with QEMU 10.1', (kind) => {
    expect(() => requireLinkOfQemu(planned({ kind, forwards: [] }), qemu(10, 1, 0))).not.toThrow();
  });

  test('has no passt before QEMU 10.1', () => {
    expect(() => requireLinkOfQemu(planned(USER), qemu(10, 0, 8))).not.toThrow();
    expect(() => requireLinkOfQemu(planned({ kind: 'passt', forwards: [] }), qemu(10, 0, 8))).toThrow(
      'QEMU 10.0.8 (qemu-system-aarch64) starts no passt: that came with QEMU 10.1.0',
    );
  });

  test('is on no network of libvirt', () => {
    expect(() => requireLinkOfQemu(planned({ kind: 'network', network: 'default' }), null)).toThrow(
      'network=default is a network of libvirt, and QEMU would be started as a process',
    );
  });
});
