import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/checks/outcome.ts';
import { selectChecks } from '../../src/checks/select.ts';
import { GhpassError } from '../../src/errors.ts';
import { diagnose } from '../../src/guest/doctor.ts';
import type { Host } from '../../src/host/host.ts';
import { ADDRESS, blackwell, board, GIB, graceHost, hopper, openMadeUp, TOOLS } from '../fixtures/grace-host.ts';

const ALL = selectChecks(undefined, undefined, '');
const HEALTHY = openMadeUp(graceHost([hopper()], { release: '6.19.0' }));
const PLAN_OF_GUEST = ['mmio.pa-bits', 'firmware.missing', 'stack.version', 'kernel.nodes-shift'];

const outcomeOf = (outcomes: readonly Outcome[], id: string) => {
  const { outcome, reason } = outcomes.find((one) => one.id === id) ?? {};
  return { outcome, reason };
};

/** The host as if it were this machine, where opening a device has its price. */
function asThisMachine(host: Host): Host & { opened: string[] } {
  const opened: string[] = [];
  const askDevice = async (address: string) => {
    opened.push(address);
    return host.askDevice(address);
  };
  return { ...host, source: { kind: 'local', name: 'local', synthetic: null }, askDevice, opened };
}

describe('diagnose', () => {
  test('passes all checks of a healthy host', async () => {
    const { outcomes, findings, opened } = await diagnose(HEALTHY, ALL);
    expect(findings).toEqual([]);
    expect(outcomes.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
    expect(opened).toBe(true);
  });

  test.each<[string, bigint, string[]]>([
    ['less than a guest has by default', 12n * GIB, []],
    ['just enough for the least guest', GIB / 2n, []],
    ['too little for any guest', GIB / 4n, ['the guest wants 512 MiB, all of it pinned; the host has 256 MiB in all']],
  ])('plans a guest that fits a host with %s', async (_title, available, messages) => {
    const files = { '/proc/meminfo': `MemAvailable: ${available / 1024n} kB\n` };
    const small = openMadeUp(graceHost([hopper()], { release: '6.19.0' }), { files });
    const { findings } = await diagnose(small, selectChecks('mem.available', undefined, ''));
    expect(findings.map(({ message }) => message)).toEqual(messages);
  });

  test('runs the checks of a GPU on each of them', async () => {
    const host = openMadeUp(graceHost(board(2, blackwell)));
    const { outcomes } = await diagnose(host, selectChecks('rom.bar,kernel.page-size', undefined, ''));
    expect(outcomes.map(({ id, subject }) => [id, subject])).toEqual([
      ['kernel.page-size', null],
      ['rom.bar', '0008:01:00.0'],
      ['rom.bar', '0009:01:00.0'],
    ]);
  });

  test('opens no device of this machine, and says which checks are not run for it', async () => {
    const host = asThisMachine(HEALTHY);
    const { outcomes, opened } = await diagnose(host, ALL);
    expect(host.opened).toEqual([]);
    expect(opened).toBe(false);
    const reason = `it opens the device, which resets it: ghpass probe ${ADDRESS}`;
    expect(outcomes.filter(({ outcome }) => outcome === 'skipped').map((one) => [one.id, one.reason])).toEqual(
      [
        'vfio.not-opened',
        'vfio.perms',
        'vfio.busy',
        'vfio.open-failed',
        'vfio.probe-reset',
        'driver.no-coherent',
        'bar2.layout-unknown',
        'bar2.region-mismatch',
        'acpi.vfio-mismatch',
        'stack.pad-bars',
      ].map((id) => [id, reason]),
    );
  });

  test('does not run what is to be skipped, and keeps the reason', async () => {
    const host = openMadeUp(graceHost([hopper()], { release: '6.17.0' }));
    const { outcomes, findings } = await diagnose(host, selectChecks(undefined, 'boot.slow-bars', 'we have time'));
    expect(outcomeOf(outcomes, 'boot.slow-bars')).toEqual({ outcome: 'skipped', reason: 'we have time' });
    expect(findings).toEqual([]);
  });

  test('gives the worst that a check found', async () => {
    const files = {
      '/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages': '1\n',
      '/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages': '1\n',
      '/proc/mounts': '\n',
    };
    const host = openMadeUp(graceHost([hopper()]), { files });
    const { outcomes, findings } = await diagnose(host, selectChecks('mem.hugepages', undefined, ''));
    expect(findings.map(({ severity }) => severity)).toEqual(['fail', 'warn']);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['fail']);
  });

  test.each<[string, Host, string]>([
    [
      'a capture without tools',
      openMadeUp(graceHost([hopper()], { tools: null })),
      'made-up does not tell about its tools',
    ],
    [
      'a tool that fails',
      {
        ...HEALTHY,
        askTools: () => Promise.reject(new GhpassError('tool', { code: 'helper.missing', message: 'not built' })),
      },
      'not built',
    ],
  ])('knows nothing of a guest where there is %s', async (_what, host, reason) => {
    const { outcomes, findings } = await diagnose(host, ALL);
    for (const id of PLAN_OF_GUEST) expect(outcomeOf(outcomes, id)).toEqual({ outcome: 'unknown', reason });
    expect(outcomeOf(outcomes, 'kernel.page-size').outcome).toBe('pass');
    expect(findings.filter(({ severity }) => severity === 'fail')).toEqual([]);
  });

  test('tells why no guest can be planned', async () => {
    const host = openMadeUp(graceHost([hopper()], { tools: { ...TOOLS, firmware: [] } }));
    const { outcomes, findings } = await diagnose(host, ALL);
    const message = 'no UEFI image for aarch64 guests is described in /usr/share/qemu/firmware';
    expect(findings.filter(({ severity }) => severity === 'fail')).toEqual([
      {
        id: 'firmware.missing',
        severity: 'fail',
        subject: 'host',
        message,
        remedy: ['apt-get install qemu-efi-aarch64', 'dnf install edk2-aarch64'],
        reference: 'QEMU, docs/interop/firmware.json',
      },
    ]);
    const reason = `no guest can be planned: ${message}`;
    expect(outcomeOf(outcomes, 'stack.version')).toEqual({ outcome: 'unknown', reason });
    expect(outcomeOf(outcomes, 'mmio.pa-bits')).toEqual({ outcome: 'unknown', reason });
  });

  test('does not try the tools where no check wants to know', async () => {
    const host = { ...HEALTHY, askTools: () => Promise.reject(new Error('asked')) };
    const { outcomes } = await diagnose(host, selectChecks('kernel.page-size,mmio.window', 'mmio.window', 'not now'));
    expect(outcomes.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['kernel.page-size', 'pass'],
      ['mmio.window', 'skipped'],
    ]);
  });

  test('is for hosts with a coherent GPU', async () => {
    await expect(diagnose(openMadeUp(graceHost([])), ALL)).rejects.toThrow(
      expect.objectContaining({ kind: 'unsupported', code: 'platform.unsupported' }),
    );
  });
});
