import { GhpassError } from '../errors.ts';
import type { DomainCell, DomainFacts } from '../plan/domain-facts.ts';
import { removeGpus } from './apply-plan.ts';
import { childrenAt } from './edit.ts';
import { parseNumberSet } from './number-set.ts';
import { findArguments } from './parts/arguments.ts';
import { windowOf } from './parts/window.ts';
import { readPassedThrough } from './passed-through.ts';
import { expanderBuses } from './pci-controllers.ts';
import { qemuElements } from './qemu-namespace.ts';
import { type DomainRecord, readRecord } from './record.ts';
import { bytesOf } from './units.ts';
import { parseXml, type XmlElement } from './xml.ts';

/**
 * Reads a domain, as far as GPUs have to fit in with it.
 * @throws GhpassError `xml.invalid`; `domain.unreadable` with the element that is missing or is no number.
 */
export function readDomain(domainXml: string): DomainFacts {
  const record = readRecord(parseXml(domainXml).root);
  const domain = parseXml(removeGpus(domainXml)).root;
  if (domain.name !== 'domain') throw unreadable(`its root element is ${domain.name}`);
  const os = domain.find('os');
  const type = os?.find('type');
  const loader = os?.find('loader')?.text;
  const maxMemory = domain.find('maxMemory');
  return {
    name: nameOf(domain),
    uuid: domain.find('uuid')?.text ?? null,
    type: domain.attribute('type') ?? missing('@type'),
    arch: type?.attribute('arch') ?? null,
    machine: type?.attribute('machine') ?? null,
    acpi: domain.find('features', 'acpi') !== undefined,
    uefi: os?.attribute('firmware') === 'efi' || os?.find('loader')?.attribute('type') === 'pflash',
    firmwareImage: loader || null,
    gicVersion: domain.find('features', 'gic')?.attribute('version') ?? null,
    cpuMode: domain.find('cpu')?.attribute('mode') ?? null,
    memoryBytes: sizeOf(domain.find('memory') ?? missing('memory')),
    vcpus: numberOf(domain.find('vcpu')?.text ?? '1', 'vcpu'),
    cells: readCells(domain),
    maxMemoryBytes: maxMemory === undefined ? null : sizeOf(maxMemory),
    memoryHostNodes: hostNodesOf(domain),
    windowBytes: windowOf(domain),
    expanderBuses: expanderBuses(domain),
    hostdevs: readPassedThrough(domain),
    iommus: (domain.find('devices')?.elements('iommu') ?? []).map((iommu) => ({
      model: iommu.attribute('model') ?? '',
      accel: iommu.find('driver')?.attribute('accel') === 'on',
    })),
    qemuArguments: readArguments(domain),
    consoleLog: domain.find('devices', 'serial', 'log')?.attribute('file') ?? null,
    gpus: record?.gpus.map(({ address }) => address) ?? [],
    managed: record !== null && isManaged(parseXml(domainXml).root, record),
  };
}

/**
 * libvirt itself takes no line feed in a name; what else is not printable would be lost on whoever reads it. Blanks at its
 * ends are part of it.
 */
function nameOf(domain: XmlElement): string {
  const name = domain.find('name')?.content || missing('name');
  if (!/\p{Cc}/u.test(name)) return name;
  throw unreadable(`its name ${JSON.stringify(name)} has a control character`);
}

function readCells(domain: XmlElement): DomainCell[] {
  const cells = childrenAt(domain, ['cpu', 'numa', 'cell']).map(({ child }, i): DomainCell => {
    const id = numberOf(child.attribute('id') ?? `${i}`, 'cpu/numa/cell/@id');
    const bound = hostNodesOf(domain, id);
    return {
      id,
      cpus: parseNumberSet(child.attribute('cpus') ?? '') ?? missing('cell/@cpus'),
      memoryBytes:
        bytesOf(child.attribute('memory') ?? '', child.attribute('unit') ?? 'KiB') ?? missing('cell/@memory'),
      hostNode: bound.length === 1 ? (bound[0] ?? null) : null,
    };
  });
  return cells.toSorted((a, b) => a.id - b.id);
}

/** Host nodes that `<numatune>` names for one cell, or for anything. */
function hostNodesOf(domain: XmlElement, cell?: number): number[] {
  const all = childrenAt(domain, ['numatune', 'memnode']).map(({ child }) => child);
  const own = all.filter((element) => cell === undefined || element.attribute('cellid') === `${cell}`);
  const memory = domain.find('numatune', 'memory');
  const named = cell !== undefined && own.length > 0 ? own : [...own, ...(memory ? [memory] : [])];
  return [...new Set(named.flatMap((element) => parseNumberSet(element.attribute('nodeset') ?? '') ?? []))];
}

function readArguments(domain: XmlElement): string[] {
  return qemuElements(domain, 'commandline').flatMap((commandline) =>
    findArguments(commandline).map((pair) => pair.map((element) => element.attribute('value')).join(' ')),
  );
}

function isManaged(domain: XmlElement, { gpus }: DomainRecord): boolean {
  const aliases = new Set(gpus.map(({ alias }) => alias));
  return childrenAt(domain, ['devices', 'hostdev']).some(
    ({ child }) => aliases.has(child.find('alias')?.attribute('name') ?? '') && child.attribute('managed') === 'yes',
  );
}

function sizeOf(element: XmlElement): bigint {
  return bytesOf(element.text, element.attribute('unit') ?? 'KiB') ?? missing(element.name);
}

function numberOf(text: string, what: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : missing(what);
}

function missing(what: string): never {
  throw unreadable(`${what} is missing or cannot be read`);
}

function unreadable(why: string): GhpassError {
  return new GhpassError('usage', {
    code: 'domain.unreadable',
    message: `this is no domain of libvirt: ${why}`,
    suggestions: ['virsh dumpxml --inactive NAME'],
  });
}
