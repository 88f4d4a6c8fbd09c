import type { RefusalCheck } from './facts.ts';
import { firmwareMissing } from './firmware-missing.ts';
import { mmioPaBits } from './mmio-pa-bits.ts';

/** Why no guest can be planned at all: what the planner throws. */
export const REFUSAL_CHECKS: readonly RefusalCheck[] = [mmioPaBits, firmwareMissing];
