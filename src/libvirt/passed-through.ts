import type { PassedThrough } from '../plan/domain-facts.ts';
import { childrenAt } from './edit.ts';
import { prefixOf, qemuElements } from './qemu-namespace.ts';
import type { XmlElement } from './xml.ts';

/** The host's device in the value of `-device vfio-pci,host=…`, which can be JSON, too; the PCI domain may be left out. */
const HOST = /\bvfio-pci\b.*\bhost"?\s*[=:]\s*"?((?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])/i;

/** PCI functions of the host that a domain has: by `<hostdev>`, or past libvirt by an argument of QEMU. Pure. */
export function readPassedThrough(domain: XmlElement): PassedThrough[] {
  return [...hostdevs(domain), ...deviceArguments(domain)];
}

function hostdevs(domain: XmlElement): PassedThrough[] {
  const all = childrenAt(domain, ['devices', 'hostdev']);
  return all.flatMap(({ child }, i) => {
    const source = child.attribute('type') === 'pci' ? child.find('source', 'address') : undefined;
    if (!source) return [];
    const path = `devices/hostdev${all.length > 1 ? `[${i + 1}]` : ''}`;
    return [{ address: addressOf(source), by: [path, ...marksOf(child)].join(', ') }];
  });
}

/** What the domain itself calls the device. */
function marksOf(hostdev: XmlElement): string[] {
  const alias = hostdev.find('alias')?.attribute('name');
  const address = hostdev.find('address');
  return [
    alias === undefined ? [] : `alias ${alias}`,
    address?.attribute('type') === 'pci' ? `at ${addressOf(address)} in the guest` : [],
  ].flat();
}

function deviceArguments(domain: XmlElement): PassedThrough[] {
  return qemuElements(domain, 'commandline').flatMap((commandline) => {
    const values = commandline.elements(`${prefixOf(commandline)}arg`).map((arg) => arg.attribute('value') ?? '');
    return values.flatMap((value, i) => {
      const host = values[i - 1] === '-device' ? HOST.exec(value)?.[1]?.toLowerCase() : undefined;
      if (host === undefined) return [];
      return [{ address: host.length < 12 ? `0000:${host}` : host, by: `qemu:commandline, -device ${value}` }];
    });
  });
}

function addressOf(address: XmlElement): string {
  const part = (name: string, digits: number) =>
    Number(address.attribute(name) ?? 0)
      .toString(16)
      .padStart(digits, '0');
  return `${part('domain', 4)}:${part('bus', 2)}:${part('slot', 2)}.${part('function', 1)}`;
}
