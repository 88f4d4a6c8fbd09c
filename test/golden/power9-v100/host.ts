import { POWER9_V100, power9 } from '../../../src/host/builtin/power9.ts';

/** Two V100 on one POWER9, opened; ghpass makes the pseries plan that QEMU 4.1 to 8.1 took. Linux 5.4. */
export const TREE = power9(POWER9_V100);
