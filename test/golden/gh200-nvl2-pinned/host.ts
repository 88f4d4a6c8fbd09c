import { board, graceHost, hopper } from '../../fixtures/grace-host.ts';
import { hugePages, KIB_OF_16G, KIB_OF_512M } from '../../fixtures/huge-pages.ts';

/** Two GH200 on two sockets with pages of 64 KiB. Linux 6.17, QEMU 11.1.3, AAVMF 2026.08. */
export const HOST = graceHost(board(2, hopper, { gpusPerSocket: 1 }));

/** Huge pages for the guest on both sockets, the largest on one of them only; the last CPUs of each are isolated. */
export const CHANGES = {
  files: {
    ...hugePages(0, KIB_OF_16G, 4, 4),
    ...hugePages(0, KIB_OF_512M, 64, 64),
    ...hugePages(1, KIB_OF_512M, 80, 64),
    '/sys/devices/system/cpu/isolated': '68-71,140-143\n',
  },
};
