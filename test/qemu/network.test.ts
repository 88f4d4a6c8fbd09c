import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { type NetworkLink, planNetwork } from '../../src/plan/network.ts';
import { renderArgv } from '../../src/qemu/argv/argv.ts';
import { graceHost, hopper, MIB, openMadeUp } from '../fixtures/grace-host.ts';
import { FILES, planFacts } from '../fixtures/plan.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { withEnvironment } from '../libvirt/kit/fake-virsh.ts';
import { virtMachine } from './kit/machine-arguments.ts';
import { findQemu, type QemuCommand } from './kit/qemu-binary.ts';
import { askMachine } from './kit/qmp-once.ts';

/** A machine that is busy with other tests takes its time to start a process. */
vi.setConfig({ testTimeout: 60_000 });

/** The first run may have to fetch and unpack a QEMU. */
const FETCH_MS = 600_000;

let qemu: QemuCommand;
beforeAll(async () => {
  qemu = await findQemu();
}, FETCH_MS);

const FORWARDS = [{ protocol: 'tcp', address: '127.0.0.1', hostPort: 29_822, guestPort: 22 }] as const;

/** The arguments of a guest from its network card on, and of the entropy device, which stand beside it. */
async function networkArguments(link: NetworkLink): Promise<string[]> {
  const request = { memoryBytes: 128n * MIB, network: { link, mac: null } };
  const { plan } = await planFacts(openMadeUp(graceHost([hopper()])), { request });
  const argv = renderArgv(plan, FILES);
  const first = argv.findIndex((word) => word.startsWith('pcie-root-port,id=net-port')) - 1;
  return argv.slice(first, argv.indexOf('virtio-rng-pci,bus=pcie.0') + 1);
}

const devicesOf = async (link: NetworkLink) => {
  const info = (item: string) => ({ execute: 'human-monitor-command', arguments: { 'command-line': `info ${item}` } });
  return askMachine(qemu, [...virtMachine(), ...(await networkArguments(link))], [info('network'), info('usernet')]);
};

test('QEMU has a guest with a translated network, a port that leads to it, and a source of entropy', async () => {
  const [network, usernet] = await devicesOf({ kind: 'user', forwards: FORWARDS });
  expect(network).toContain(
    `model=virtio-net-pci,macaddr=${planNetwork('demo', { link: { kind: 'user', forwards: [] }, mac: null })?.mac}`,
  );
  expect(usernet).toMatch(/TCP\[HOST_FORWARD\] +\d+ +127\.0\.0\.1 29822 +\S+ +22 /);
});

test('QEMU has passt forward the ports', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'passt'), `#!/bin/sh\necho "$@" > ${directory}/arguments\nexit 1\n`, { mode: 0o755 });
  withEnvironment({ PATH: `${directory}:${process.env.PATH}` });
  const udp = { ...FORWARDS[0], protocol: 'udp', address: '0.0.0.0', hostPort: 5353, guestPort: 53 } as const;
  await expect(devicesOf({ kind: 'passt', forwards: [...FORWARDS, udp] })).rejects.toMatchObject({
    stderr: expect.stringContaining('Passt exited with code 1'),
  });
  const given = readFileSync(join(directory, 'arguments'), 'utf8');
  expect(given).toContain('--tcp-ports 127.0.0.1/29822:22');
  expect(given).toContain('--udp-ports 0.0.0.0/5353:53');
});

test('without a helper that may use it, QEMU says that it has no bridge', async () => {
  await expect(devicesOf({ kind: 'bridge', bridge: 'no-such-bridge' })).rejects.toMatchObject({
    stderr: expect.stringMatching(/bridge=|br=no-such-bridge/),
  });
});
