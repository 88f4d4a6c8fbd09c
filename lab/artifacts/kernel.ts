import path from 'node:path';

/** Kernels for L1: Debian's own with the driver as a module, and the newest source with everything built in. */
export const KERNELS = ['stock', 'full'] as const;
export type Kernel = (typeof KERNELS)[number];

/** The files that both kernels' artifacts consist of. */
export interface KernelFiles {
  /** What QEMU boots, in L1 and, out of /boot, in L2. */
  readonly image: string;
  /** File system with `boot/` and `modules/RELEASE/`, mounted in L1. */
  readonly fileSystem: string;
  /** Modules for the initrd, uncompressed, and `order` with their names in the order to load them. */
  readonly initrdModules: string;
}

/** Where the files of a kernel are, given its artifact's directory. */
export function kernelFiles(directory: string): KernelFiles {
  return {
    image: path.join(directory, 'Image'),
    fileSystem: path.join(directory, 'kernel.img'),
    initrdModules: path.join(directory, 'initrd-modules'),
  };
}
