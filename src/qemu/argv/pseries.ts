import type { PseriesGpu, PseriesHostBridge, PseriesPlan } from '../../plan/pseries-plan.ts';
import { option, plain, size } from './arguments.ts';
import { boot } from './argv.ts';
import { disk } from './disks.ts';
import type { GuestFiles } from './guest-files.ts';
import { console, qmp } from './sockets.ts';

/** The QEMU that a {@link PseriesPlan} is for. */
export const PSERIES_BINARY = 'qemu-system-ppc64';

/** The arguments of `qemu-system-ppc64` 4.1 to 8.1 for a plan; its firmware is QEMU's own. */
export function renderPseriesArgv(plan: PseriesPlan, files: GuestFiles): string[] {
  return [
    ...option('-name', [
      ['guest', plan.name],
      ['debug-threads', 'on'],
    ]),
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...option('-machine', [
      [plan.machine, null],
      ['accel', plan.accelerator],
    ]),
    ...plain('-cpu', 'host'),
    ...plain('-smp', `${plan.cpus.count}`),
    ...plain('-m', size(plan.memoryBytes)),
    ...plan.hostBridges.flatMap(hostBridge),
    // Disks are on the bridge that the machine has by itself, away from the GPUs.
    ...plan.boot.disks.flatMap((image, i) => disk(image, i, 'pci.0')),
    ...boot(plan),
    ...console(files),
    ...qmp(files.qmpSocket),
    ...plain('-pidfile', files.pidFile),
  ];
}

function hostBridge({ index, id, gpus }: PseriesHostBridge): string[] {
  return [
    ...option('-device', [
      ['spapr-pci-host-bridge', null],
      ['index', index],
      ['id', id],
    ]),
    ...gpus.flatMap((gpu) => gpuDevices(gpu, id)),
  ];
}

/** QEMU finds out by itself what belongs together: GPU and bridges have one target address. */
function gpuDevices(gpu: PseriesGpu, bridge: string): string[] {
  return [gpu, ...gpu.links].flatMap(({ address, id, slot }) =>
    option('-device', [
      ['vfio-pci', null],
      ['id', id],
      ['host', address],
      ['bus', `${bridge}.0`],
      ['addr', `0x${slot.toString(16)}`],
    ]),
  );
}
