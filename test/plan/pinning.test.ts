import { describe, expect, test } from 'vitest';
import { planPinning } from '../../src/plan/pinning.ts';
import { DEFAULT_PLACEMENT, type GuestRequest } from '../../src/plan/request.ts';
import { blackwell, board, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';

const twoSockets = (files: Record<string, string | null> = {}) =>
  openMadeUp(graceHost(board(2, hopper, { gpusPerSocket: 1 })), { files });
const pinned = (changes: Partial<GuestRequest> = {}) => ({
  request: { ...changes, placement: { ...DEFAULT_PLACEMENT, pin: true } },
});
const ISOLATED = '/sys/devices/system/cpu/isolated';
const NO_TICK = '/sys/devices/system/cpu/nohz_full';
const STATUS = '/proc/self/status';

describe('a guest is pinned', () => {
  test('not at all, where that is not asked for', async () => {
    expect((await planFacts(twoSockets())).plan.pinning).toBeNull();
  });

  test('each vCPU to the socket that its memory comes from, QEMU to all of them', async () => {
    const { plan } = await planFacts(twoSockets(), pinned({ vcpus: 5 }));
    expect(plan.nodes.slice(0, 2).map(({ cpus }) => cpus)).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
    expect(plan.pinning).toEqual({ vcpus: ['0-71', '0-71', '72-143', '72-143', '72-143'], emulator: '0-143' });
  });

  test('each vCPU of a node, wherever it stands among the others', async () => {
    const { plan, host, settings } = await planFacts(twoSockets(), pinned());
    const [even, odd] = plan.nodes.slice(0, 2).map((node, i) => ({ ...node, cpus: [i, i + 2] }));
    if (!even || !odd) throw new Error('the plan has not two nodes with memory');
    expect(planPinning([even, odd], host.numa, settings.cpus)).toEqual({
      vcpus: ['0-71', '72-143', '0-71', '72-143'],
      emulator: '0-143',
    });
  });

  test('to the socket of its GPUs alone', async () => {
    const host = openMadeUp(graceHost(board(4, blackwell)));
    const addresses = ['0018:01:00.0', '0019:01:00.0'];
    const { plan } = await planFacts(host, { ...pinned({ vcpus: 2 }), addresses });
    expect(plan.pinning).toEqual({ vcpus: ['72-143', '72-143'], emulator: '72-143' });
  });

  test.each<[string, Record<string, string>]>([
    ['isolcpus', { [ISOLATED]: '1-71\n', [NO_TICK]: '(null)\n' }],
    ['nohz_full', { [NO_TICK]: '1-71\n' }],
    ['its cpuset', { [STATUS]: 'CapEff:\t0\nCpus_allowed_list:\t0,72-143\n' }],
    ['all three', { [ISOLATED]: '1-30\n', [NO_TICK]: '31-40\n', [STATUS]: 'Cpus_allowed_list:\t0-40,72-143\n' }],
    ['CPUs that are offline', { '/sys/devices/system/node/node0/cpulist': '0\n' }],
  ])('to what is left by %s', async (_title, files) => {
    const { plan } = await planFacts(twoSockets(files), pinned({ vcpus: 2 }));
    expect(plan.pinning).toEqual({ vcpus: ['0', '72-143'], emulator: '0,72-143' });
  });

  test('to what ghpass may use where the host has no NUMA', async () => {
    const host = openMadeUp(graceHost([hopper()], { nodes: [] }), {
      files: { [STATUS]: 'Cpus_allowed_list:\t0-7\n', [ISOLATED]: '6,7\n' },
    });
    const { plan } = await planFacts(host, pinned({ vcpus: 1 }));
    expect(plan.pinning).toEqual({ vcpus: ['0-5'], emulator: '0-5' });
  });

  test.each<[string, Record<string, string | null>, string]>([
    [
      'isolated',
      { [ISOLATED]: '0-71\n' },
      "node 0, where the guest's memory is to be, has no CPU to pin a guest to: it has 0-71, ghpass may use any, and isolcpus and nohz_full set aside 0-71",
    ],
    [
      'forbidden to ghpass',
      { [STATUS]: 'Cpus_allowed_list:\t72-143\n' },
      "node 0, where the guest's memory is to be, has no CPU to pin a guest to: it has 0-71, ghpass may use 72-143, and isolcpus and nohz_full set aside none",
    ],
  ])('nowhere, where all CPUs of a node are %s', async (_title, files, message) => {
    await expect(planFacts(twoSockets(files), pinned())).rejects.toThrow(
      expect.objectContaining({
        kind: 'check',
        code: 'pin.no-cpus',
        message,
        suggestions: ['--no-pin', 'taskset -pc $$   # what this shell, and all that it starts, may use'],
      }),
    );
  });
});
