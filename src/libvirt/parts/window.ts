import type { GuestPlan } from '../../plan/guest-plan.ts';
import { append, remove } from '../edit.ts';
import type { Profile } from '../profile.ts';
import type { DomainRecord } from '../record.ts';
import { bytesOf } from '../units.ts';
import type { XmlElement } from '../xml.ts';

const HOLE = 'pcihole64';

/** The MMIO window as `<pcihole64>` of the root complex (libvirt 11.5 for arm). One that is there and large enough stays. */
export function addWindow(domain: XmlElement, plan: GuestPlan, profile: Profile, record: DomainRecord): void {
  const { windowBytes } = plan.machine;
  const devices = domain.find('devices');
  if (windowBytes === null || profile.window === 'commandline' || !devices) return;
  const found = rootComplex(devices);
  record.madeRootComplex = found === undefined;
  const complex = found ?? append(devices, ['controller', { type: 'pci', index: 0, model: 'pcie-root' }], 2);
  const hole = complex.find(HOLE);
  const before =
    hole === undefined ? { unit: undefined, value: '' } : { unit: hole.attribute('unit'), value: hole.text };
  if ((bytesOf(before.value, before.unit ?? 'KiB') ?? 0n) >= windowBytes) return;
  record.windowBefore = before;
  const written = hole ?? append(complex, [HOLE], 3);
  written.setAttribute('unit', 'KiB');
  written.setText(`${windowBytes / 1024n}`);
}

/** Puts back the window that was there, and takes away what was made for ghpass's. */
export function removeWindow(domain: XmlElement, { windowBefore, madeRootComplex }: DomainRecord): void {
  const devices = domain.find('devices');
  const complex = devices && rootComplex(devices);
  const hole = complex?.find(HOLE);
  if (windowBefore && complex && hole) {
    if (windowBefore.value === '') remove(complex, hole);
    else {
      hole.setAttribute('unit', windowBefore.unit);
      hole.setText(windowBefore.value);
    }
  }
  if (madeRootComplex && complex && devices && complex.elements().length === 0) remove(devices, complex);
}

/** The window that a domain asks for, in bytes; null where it asks for none that can be read. */
export function windowOf(domain: XmlElement): bigint | null {
  const devices = domain.find('devices');
  const hole = devices && rootComplex(devices)?.find(HOLE);
  return hole ? bytesOf(hole.text, hole.attribute('unit') ?? 'KiB') : null;
}

/** Without an index it is libvirt's to give, and it can only be 0. */
function rootComplex(devices: XmlElement): XmlElement | undefined {
  const controllers = devices.elements('controller').filter((controller) => controller.attribute('type') === 'pci');
  return controllers.find(
    (controller) => controller.attribute('index') === '0' || controller.attribute('model') === 'pcie-root',
  );
}
