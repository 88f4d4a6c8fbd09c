import type { GuestDisk, GuestPlan } from '../../plan/guest-plan.ts';
import { option } from './arguments.ts';
import type { GuestFiles } from './guest-files.ts';

/** The firmware as flash, which guests share, and the guest's own copy of its variables. */
export function firmware({ firmware: { code, format } }: GuestPlan, files: GuestFiles): string[] {
  return [...blockNodes('firmware', format, code, 'on'), ...blockNodes('variables', format, files.variables)];
}

/** Disks sit behind ports of the default root complex, away from the GPUs. */
export function disks({ boot: { disks: images }, gpus }: GuestPlan): string[] {
  return images.flatMap((image, i) => [
    ...option('-device', [
      ['pcie-root-port', null],
      ['id', `disk-port${i}`],
      ['bus', 'pcie.0'],
      ['chassis', gpus.length + i + 1],
    ]),
    ...disk(image, i, `disk-port${i}`),
  ]);
}

/** One disk, on a bus that is there. */
export function disk({ path, format, readOnly }: GuestDisk, position: number, bus: string): string[] {
  const name = `disk${position}`;
  return [
    ...blockNodes(name, format, path, readOnly && 'on'),
    ...option('-device', [
      ['virtio-blk-pci', null],
      ['bus', bus],
      ['drive', name],
    ]),
  ];
}

/** An image file as a block node of that name. */
function blockNodes(name: string, format: string, path: string, readOnly?: 'on' | undefined): string[] {
  return [
    ...option('-blockdev', [
      ['node-name', `${name}-file`],
      ['driver', 'file'],
      ['filename', path],
      ['read-only', readOnly],
    ]),
    ...option('-blockdev', [
      ['node-name', name],
      ['driver', format],
      ['file', `${name}-file`],
      ['read-only', readOnly],
    ]),
  ];
}
