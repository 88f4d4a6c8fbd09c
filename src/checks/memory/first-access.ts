import { formatAddress } from '../../vfio/bytes.ts';
import type { AreaAnswer } from '../../vfio/memory-answer.ts';
import { DRIVER, type MemoryCheck, type MemoryFacts, nameOf, ofEachArea } from './facts.ts';
import { isMemoryFailure } from './uncorrectable.ts';

/**
 * Whether the bus refused the very first access of all, which is to the first byte of an area. Since Linux 6.19 the driver
 * waits there, as long as at its bind, until the device is ready after the reset of its opening, and answers SIGBUS where it
 * does not become so.
 */
export function isRefusedAtFirst({ validation: { answer } }: MemoryFacts, { busError, offset }: AreaAnswer): boolean {
  const hasMoved = (answer?.areas ?? []).some(({ rounds }) => rounds.some(({ written }) => written.bytes > 0));
  return !hasMoved && busError !== null && busError.offset === offset && !isMemoryFailure(busError.code);
}

export const resetFirstAccess: MemoryCheck = {
  id: 'reset.first-access',
  severity: 'fail',
  title: 'The memory answers at the first access after the reset',
  looksAt: 'SIGBUS before a single page was written, and its code',
  reference: `${DRIVER}, the wait for the device at the first access (Linux 7d055071d73b, 6.19)`,
  observe: (facts) =>
    ofEachArea(facts, (area) =>
      area.busError && isRefusedAtFirst(facts, area)
        ? {
            message: `${nameOf(area)}: the first access after the reset, at ${formatAddress(area.busError.offset)}, was refused (SIGBUS, code ${area.busError.code}): the device was not ready, or nothing is behind the mapping`,
            remedy: [
              `ghpass probe ${facts.gpu.pci.address} --memory quick --destructive   # once more: the link may train late`,
              `dmesg | grep -e ${facts.gpu.pci.address} -e nvgrace`,
              'power-cycle the host, if it says the same',
            ],
          }
        : null,
    ),
};
