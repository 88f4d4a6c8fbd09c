import type { GuestPlan } from '../../plan/guest-plan.ts';
import { option, plain, size } from './arguments.ts';
import { disks, firmware } from './disks.ts';
import { gpus } from './gpus.ts';
import type { GuestFiles } from './guest-files.ts';
import { network } from './network.ts';
import { distances, guestNode } from './nodes.ts';
import { agent, console, qmp } from './sockets.ts';

/** The arguments of `qemu-system-aarch64` for a plan, in the order that QEMU documents its options. */
export function renderArgv(plan: GuestPlan, files: GuestFiles): string[] {
  return [
    ...option('-name', [
      ['guest', plan.name],
      ['debug-threads', 'on'],
    ]),
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...machine(plan),
    ...plain('-cpu', plan.accelerator === 'kvm' ? 'host' : 'max'),
    ...option('-smp', [
      ['cpus', plan.cpus.count],
      ['sockets', plan.cpus.sockets],
    ]),
    ...plain('-m', size(plan.memoryBytes)),
    ...firmware(plan, files),
    ...plan.nodes.flatMap((node) => guestNode(node, plan.hugePageBytes)),
    ...distances(plan),
    ...gpus(plan),
    ...disks(plan),
    ...network(plan),
    ...entropy(),
    ...boot(plan),
    ...agent(files),
    ...console(files),
    ...qmp(files.qmpSocket),
    ...qmp(files.eventsSocket),
    ...plain('-pidfile', files.pidFile),
  ];
}

function machine({ accelerator, machine: { ras, windowBytes } }: GuestPlan): string[] {
  return option('-machine', [
    ['virt', null],
    ['accel', accelerator],
    ['gic-version', 3],
    ['acpi', 'on'],
    ['ras', ras ? 'on' : undefined],
    ['highmem-mmio-size', windowBytes === null ? undefined : size(windowBytes)],
    ['pflash0', 'firmware'],
    ['pflash1', 'variables'],
  ]);
}

/** Host keys are made at the first boot, and a guest has little else to make them from. */
function entropy(): string[] {
  return option('-device', [
    ['virtio-rng-pci', null],
    ['bus', 'pcie.0'],
  ]);
}

/** What is booted without a disk. */
export function boot({ boot: { kernel, initrd, append } }: Pick<GuestPlan, 'boot'>): string[] {
  return [
    ...(kernel === null ? [] : plain('-kernel', kernel)),
    ...(initrd === null ? [] : plain('-initrd', initrd)),
    ...(append === null ? [] : plain('-append', append)),
  ];
}
