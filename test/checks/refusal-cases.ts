import type { PlanAttempt } from '../../src/checks/refusal/facts.ts';
import { GhpassError } from '../../src/errors.ts';
import type { Case } from './cases.ts';

/** What became of the plan of a guest, and what a check says of it. */
export interface RefusalCase extends Case {
  attempt: PlanAttempt | 'planned';
}

const refusal = (code: string): PlanAttempt => ({
  refusal: new GhpassError('check', { code, message: `refused with ${code}`, suggestions: ['fewer GPUs'] }),
});

export const REFUSAL_CASES: readonly RefusalCase[] = ['mmio.pa-bits', 'firmware.missing'].flatMap((id) => [
  {
    id,
    title: 'a refusal for this reason',
    attempt: refusal(id),
    says: { severity: 'fail', message: `refused with ${id}`, remedy: ['fewer GPUs'] },
  },
  { id, title: 'a guest that is planned', attempt: 'planned' },
  {
    id,
    title: 'a refusal for another reason',
    attempt: refusal('gpu.memory-unknown'),
    notKnown: 'no guest can be planned: refused with gpu.memory-unknown',
  },
  {
    id,
    title: 'a host that does not tell about its tools',
    attempt: { notKnown: 'made-up does not tell' },
    notKnown: 'made-up does not tell',
  },
]);
