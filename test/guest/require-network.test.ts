import { describe, expect, test } from 'vitest';
import { requireNetwork } from '../../src/guest/life/require-network.ts';
import type { Host } from '../../src/host/host.ts';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { capturedHost } from '../../src/host/snapshot/captured.ts';
import type { NetworkLink } from '../../src/plan/network.ts';
import { fakeVirsh, withEnvironment } from '../libvirt/kit/fake-virsh.ts';

const BR0: NetworkLink = { kind: 'bridge', bridge: 'br0' };
const DEFAULT: NetworkLink = { kind: 'network', network: 'default' };
const BRIDGE = { '/sys/class/net/br0/bridge/stp_state': '0\n', '/sys/class/net/eth0/mtu': '1500\n' };
const LIBVIRT = 'qemu:///system';

function hostWith(files: Record<string, string>, kind: Host['source']['kind'] = 'local'): Host {
  const host = capturedHost('snapshot', 'made-up', memoryFiles({ files, links: {} }));
  return { ...host, source: { kind, name: 'made-up', synthetic: null } };
}

describe('a bridge', () => {
  test('is there, and QEMU’s helper may use it', async () => {
    for (const acl of ['allow br0\n', '# all of them\nallow all\n', 'include /etc/qemu/alice.conf\n']) {
      await requireNetwork(hostWith({ ...BRIDGE, '/etc/qemu/bridge.conf': acl }), BR0, null);
    }
  });

  test.each([undefined, 'allow br1\n', 'deny br0\n', '#allow br0\n'])(
    'that the helper may not use: %j',
    async (acl) => {
      const host = hostWith({ ...BRIDGE, ...(acl && { '/etc/qemu/bridge.conf': acl }) });
      await expect(requireNetwork(host, BR0, null)).rejects.toMatchObject({
        code: 'network.bridge-forbidden',
        message: "/etc/qemu/bridge.conf does not allow br0, so QEMU's helper connects no guest to it",
        suggestions: ["echo 'allow br0' >> /etc/qemu/bridge.conf", '--backend libvirt'],
      });
      await requireNetwork(host, BR0, LIBVIRT);
    },
  );

  test('that is none, or is not there', async () => {
    const asked = (bridge: string, uri: string | null) =>
      requireNetwork(hostWith(BRIDGE), { kind: 'bridge', bridge }, uri);
    await expect(asked('eth0', null)).rejects.toThrow('eth0 is a network device, but no bridge: those are br0');
    await expect(asked('br7', LIBVIRT)).rejects.toThrow('br7 is no bridge of this host: those are br0');
    await expect(requireNetwork(hostWith({}), BR0, null)).rejects.toThrow(
      'br0 is no bridge of this host: there is none',
    );
    await asked('br7', 'qemu+ssh://far/system');
  });

  test('is not looked for on a host that is not this machine', async () => {
    await requireNetwork(hostWith({}, 'snapshot'), BR0, null);
  });
});

describe('a network of libvirt', () => {
  const lists = (active: string, all: string) =>
    fakeVirsh(`case "$*" in *--all*) printf '${all}' ;; *) printf '${active}' ;; esac`);

  test('is active', async () => {
    lists(' default \\n\\n', ' default \\n other \\n\\n');
    await requireNetwork(hostWith({}), DEFAULT, LIBVIRT);
  });

  test('is not active', async () => {
    lists('', 'default\\n');
    await expect(requireNetwork(hostWith({}), DEFAULT, LIBVIRT)).rejects.toMatchObject({
      code: 'network.inactive',
      message: 'the network "default" of libvirt at qemu:///system is not active',
      suggestions: ['virsh --connect=qemu:///system net-start default'],
    });
  });

  test('is not there', async () => {
    lists('other\\n', 'other\\n');
    await expect(requireNetwork(hostWith({}), DEFAULT, LIBVIRT)).rejects.toMatchObject({
      code: 'network.missing',
      message: 'libvirt at qemu:///system has no network "default"',
    });
  });
});

test('passt has to be installed for QEMU, and its package is named', async () => {
  withEnvironment({ PATH: '/nowhere' });
  const passt: NetworkLink = { kind: 'passt', forwards: [] };
  await expect(requireNetwork(hostWith({}), passt, null)).rejects.toMatchObject({
    code: 'tool.missing',
    suggestions: ['apt-get install passt', 'dnf install passt'],
  });
});
