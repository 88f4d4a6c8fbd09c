import { formatAddress } from '../../vfio/bytes.ts';
import { findAlias } from './aliasing.ts';
import { BROKEN_MEMORY, type MemoryCheck, nameOf, ofEachArea } from './facts.ts';

export const memoryAliased: MemoryCheck = {
  id: 'memory.aliased',
  severity: 'fail',
  title: 'Each address of the memory is a place of its own',
  looksAt: 'every word, after all were written with their own offsets',
  reference: 'src/vfio/helper/README.md, patterns of addresses',
  observe: (facts) =>
    ofEachArea(facts, (area) => {
      const alias = findAlias(area, facts.validation.answer?.areas ?? []);
      if (!alias) return null;
      const words = area.rounds.find(({ pattern }) => pattern === 'address')?.errors.words ?? 0;
      const other =
        alias.of.region === area.region
          ? `apart by ${formatAddress(alias.offset ^ alias.of.offset)}: these lines of the address do not work`
          : `in another region`;
      return {
        message: `${nameOf(area)}: ${words} words are found at two addresses; ${formatAddress(alias.offset)} holds what was written to ${formatAddress(alias.of.offset)} of ${nameOf(alias.of)}, ${other}`,
        remedy: BROKEN_MEMORY,
      };
    }),
};
