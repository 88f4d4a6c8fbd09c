import { board, graceHost, hopper } from '../../fixtures/grace-host.ts';

/** Two GH200 on two sockets. Linux 6.17, QEMU 11.1.3, AAVMF 2026.08. */
export const HOST = graceHost(board(2, hopper, { gpusPerSocket: 1 }));
