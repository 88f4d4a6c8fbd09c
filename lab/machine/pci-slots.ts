import type { GpuDescription } from '../host-description.ts';

/** Slots below belong to the disks, the console and the IOMMU. */
const FIRST_GPU_SLOT = 0x10;

/** Where the n-th GPU is: its slot on bus 0 (its own, or that of its root port). */
export function gpuSlot(index: number): number {
  return FIRST_GPU_SLOT + index;
}

/** The path that QEMU's DSDT gives to a GPU: devices are named `S` and their devfn; behind a port it is slot 0. */
export function acpiPath(gpu: GpuDescription, index: number): string {
  const devfn = (gpuSlot(index) << 3).toString(16).toUpperCase().padStart(2, '0');
  return `\\_SB.PCI0.S${devfn}${gpu.behindRootPort ? '.S00' : ''}`;
}
