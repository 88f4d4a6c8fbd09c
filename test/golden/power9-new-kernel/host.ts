import { POWER9_V100, power9 } from '../../../src/host/builtin/power9.ts';

/** The same host with a kernel that exports nothing behind NVLink2 any more; not opened. Linux 6.1. */
export const TREE = power9({ ...POWER9_V100, release: '6.1.0' });
