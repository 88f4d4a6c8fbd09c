import type { AreaAnswer, BitErrors } from '../../vfio/memory-answer.ts';

/** A word that is found at another offset than its own. */
export interface Alias {
  offset: bigint;
  /** The area and the offset in its region whose word it is. */
  of: { region: number; offset: bigint };
}

/**
 * Whether an area holds words of other places instead of its own. A word that was written with its address then is another
 * address, and with the inverted pattern the same bits are wrong the other way round; a bit that is stuck is wrong the same
 * way in both.
 * @param areas all that were written.
 * @returns the first such word; null where the errors, if any, are of another kind.
 */
export function findAlias(area: AreaAnswer, areas: readonly AreaAnswer[]): Alias | null {
  const round = (pattern: string) => area.rounds.find((candidate) => candidate.pattern === pattern)?.errors;
  const plain = round('address');
  const inverted = round('inverted');
  if (!plain?.first || !inverted?.first || !isMirrored(plain, inverted)) return null;
  const { offset, actual } = plain.first;
  for (const { region, offset: start, fileOffset, bytes } of areas) {
    const inArea = actual - fileOffset;
    if (inArea >= 0n && inArea < BigInt(bytes)) return { offset, of: { region, offset: start + inArea } };
  }
  return null;
}

function isMirrored(plain: BitErrors, inverted: BitErrors): boolean {
  return plain.setMask === inverted.clearedMask && plain.clearedMask === inverted.setMask;
}
