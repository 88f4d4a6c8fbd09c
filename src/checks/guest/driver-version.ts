import { OPEN_MODULES, type RunningGuestCheck } from './facts.ts';

/** The first that reads generic initiators at all, and the first that reads them as QEMU 9.2 and newer write them. */
const FIRST_WITH_INITIATORS = '550.40.07';
const FIRST_WITH_BYTE_ORDER = '570.124.04';

export const guestDriverVersion: RunningGuestCheck = {
  id: 'guest.driver-version',
  severity: 'fail',
  title: 'NVIDIA’s driver in the guest reads the generic initiators as QEMU writes them',
  looksAt: '/proc/driver/nvidia/version in the guest',
  reference: `${OPEN_MODULES} ${FIRST_WITH_BYTE_ORDER}; QEMU 9.2, hw/acpi/acpi_generic_initiator.c`,
  observe({ plan, driver }) {
    if (driver === null) return [];
    if (driver.version === null) return { notKnown: "the guest's driver does not tell its version" };
    if (compareVersions(driver.version, FIRST_WITH_BYTE_ORDER) >= 0) return [];
    const isTooOld = compareVersions(driver.version, FIRST_WITH_INITIATORS) < 0;
    const meaning = isTooOld
      ? `generic initiators are read from ${FIRST_WITH_INITIATORS} on`
      : `it reads PCI addresses in the order in which QEMU 9.0 and 9.1 wrote them, and no newer one`;
    return [
      {
        subject: plan.name,
        message: `the guest has NVIDIA's driver ${driver.version}: ${meaning}`,
        remedy: [`install a driver of ${FIRST_WITH_BYTE_ORDER} or newer in the guest`],
      },
    ];
  },
};

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  const different = [0, 1, 2].find((i) => (left?.[i] ?? 0) !== (right?.[i] ?? 0));
  return different === undefined ? 0 : (left?.[different] ?? 0) - (right?.[different] ?? 0);
}
