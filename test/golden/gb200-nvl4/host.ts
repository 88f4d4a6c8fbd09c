import { blackwell, board, graceHost } from '../../fixtures/grace-host.ts';

/** Four GB200 on two sockets, in the layout `whole`; iommufd maps device memory. Linux 6.19, QEMU 11.1.3, AAVMF 2026.08. */
export const HOST = graceHost(board(4, blackwell), { release: '6.19.0' });
