import type { XmlElement } from './xml.ts';

/** PCI controllers of a domain, by index: a device's bus is the index of its controller. */
export function pciControllers(domain: XmlElement): Map<number, XmlElement> {
  const controllers = (domain.find('devices')?.elements('controller') ?? []).filter(
    (controller) => controller.attribute('type') === 'pci' && /^\d+$/.test(controller.attribute('index') ?? ''),
  );
  return new Map(controllers.map((controller) => [Number(controller.attribute('index')), controller]));
}

/** The first index above every controller and every bus that a device has an address on. */
export function firstFreeController(domain: XmlElement): number {
  const buses = (domain.find('devices')?.elements() ?? []).flatMap((device) =>
    device
      .elements('address')
      .filter((address) => address.attribute('type') === 'pci')
      .map((address) => Number(address.attribute('bus') ?? 0)),
  );
  return Math.max(0, ...pciControllers(domain).keys(), ...buses.filter(Number.isInteger)) + 1;
}

/** Numbers of the expander buses that the domain has. */
export function expanderBuses(domain: XmlElement): number[] {
  return [...pciControllers(domain).values()].flatMap((controller) => {
    const number = controller.find('target')?.attribute('busNr');
    return number === undefined ? [] : [Number(number)];
  });
}
