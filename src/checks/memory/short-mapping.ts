import { formatAddress, formatBytes } from '../../vfio/bytes.ts';
import { errnoName } from '../../vfio/errno.ts';
import type { Observation } from '../check.ts';
import { DRIVER, type MemoryCheck, type MemoryFacts, nameOf, ofEachArea } from './facts.ts';
import { isRefusedAtFirst } from './first-access.ts';
import { isMemoryFailure } from './uncorrectable.ts';

export const memoryShortMapping: MemoryCheck = {
  id: 'memory.short-mapping',
  severity: 'fail',
  title: 'All of the memory that a region announces can be mapped and reached',
  looksAt: 'mmap of each area, and SIGBUS while it is written or read',
  reference: `${DRIVER}, nvgrace_gpu_mmap`,
  observe: (facts) => [
    ...refusedMappings(facts),
    ...ofEachArea(facts, (area) => {
      const { region, bytes, busError } = area;
      if (!busError || isMemoryFailure(busError.code) || isRefusedAtFirst(facts, area)) return null;
      return {
        message: `${nameOf({ region })}: of ${formatBytes(BigInt(bytes))} that are mapped, nothing is at ${formatAddress(busError.offset)} (SIGBUS, code ${busError.code})`,
        remedy: [`dmesg | grep -e ${facts.gpu.pci.address} -e vfio`],
      };
    }),
  ],
};

/** The areas are mapped one after the other; the first that is not, ends it. */
function refusedMappings({ gpu, validation: { answer } }: MemoryFacts): Observation[] {
  const step = answer?.error;
  if (step?.step !== 'area-map') return [];
  const area = answer?.areas.find(({ mappedBytes }) => mappedBytes === 0);
  const what = area ? `${nameOf(area)}: the ${formatBytes(BigInt(area.bytes))} of its memory` : 'the memory';
  return [
    {
      subject: gpu.pci.address,
      message: `${what} cannot be mapped: ${errnoName(step.errno)} (${step.errno})`,
      remedy: [`dmesg | grep -e ${gpu.pci.address} -e vfio`],
    },
  ];
}
