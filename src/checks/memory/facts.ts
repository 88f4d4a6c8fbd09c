import { formatAddress } from '../../vfio/bytes.ts';
import type { GpuFacts } from '../../vfio/gpu.ts';
import type { AreaAnswer, Round, WrongWord } from '../../vfio/memory-answer.ts';
import type { MemoryArea, MemoryValidation } from '../../vfio/memory-validation.ts';
import type { Check, Observation } from '../check.ts';

/** What the checks of validated memory look at. */
export interface MemoryFacts {
  gpu: GpuFacts;
  validation: MemoryValidation;
}

export type MemoryCheck = Check<MemoryFacts>;

/** What the driver does with the special regions. */
export const DRIVER = 'drivers/vfio/pci/nvgrace-gpu/main.c';

/** Advice for memory that does not work. */
export const BROKEN_MEMORY: readonly string[] = [
  'take the GPU out of service',
  'dmesg | grep -i -e "hardware error" -e "memory failure"',
  'power-cycle the host, run the validation again, and report the board to its vendor if it says the same',
];

/** One observation for each area that has something to be said about; `say` gives null where all is well. */
export function ofEachArea(facts: MemoryFacts, say: (area: AreaAnswer) => Said | null): Observation[] {
  return (facts.validation.answer?.areas ?? []).flatMap((area) => {
    const said = say(area);
    return said ? [{ subject: facts.gpu.pci.address, ...said }] : [];
  });
}

type Said = Omit<Observation, 'subject'>;

/** An area, as it is named in messages. */
export function nameOf({ region }: Pick<MemoryArea, 'region'>): string {
  return `region ${region}`;
}

/** A wrong word, in words. */
export function describeWord({ offset, expected, actual }: WrongWord): string {
  return `at ${formatAddress(offset)} ${formatAddress(expected)} was written and ${formatAddress(actual)} is read`;
}

/** Whether a round went wrong. */
export function wrongRounds(area: AreaAnswer): Round[] {
  return area.rounds.filter(({ errors }) => errors.words > 0);
}
