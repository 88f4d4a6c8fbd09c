import { formatNumberList } from '../../host/numa/number-list.ts';
import type { Round } from '../../vfio/memory-answer.ts';
import { findAlias } from './aliasing.ts';
import { BROKEN_MEMORY, describeWord, type MemoryCheck, nameOf, ofEachArea, wrongRounds } from './facts.ts';

export const memoryBitErrors: MemoryCheck = {
  id: 'memory.bit-errors',
  severity: 'fail',
  title: 'The memory gives back what was written into it',
  looksAt: 'every word that was written, read back',
  reference: 'src/vfio/helper/README.md, errors',
  observe: (facts) =>
    ofEachArea(facts, (area) => {
      const rounds = wrongRounds(area);
      if (rounds.length === 0 || findAlias(area, facts.validation.answer?.areas ?? [])) return null;
      return { message: `${nameOf(area)}: ${rounds.map(describeRound).join('; ')}`, remedy: BROKEN_MEMORY };
    }),
};

function describeRound({ pattern, verified, errors }: Round): string {
  const kinds = [
    bits(errors.setBits, errors.setMask, 'read 1 where 0 was written'),
    bits(errors.clearedBits, errors.clearedMask, 'read 0 where 1 was written'),
  ].filter(Boolean);
  const first = errors.first ? `, first ${describeWord(errors.first)}` : '';
  return `${errors.words} of ${Math.ceil(verified.bytes / 8)} words are wrong with the pattern ${pattern} (${kinds.join(', ')})${first}`;
}

function bits(count: number, mask: bigint, what: string): string | null {
  if (count === 0) return null;
  const places = [...Array(64).keys()].filter((place) => ((mask >> BigInt(place)) & 1n) === 1n);
  return `${count} × bit ${formatNumberList(places)} ${what}`;
}
