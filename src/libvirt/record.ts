import { formatNumberList, parseNumberList } from '../host/numa/number-list.ts';
import { append, childrenAt, remove, type Shape } from './edit.ts';
import type { XmlElement } from './xml.ts';

/** Namespace of what ghpass keeps in a domain's metadata; libvirt keeps it through every edit and never reads it. */
export const GHPASS_NAMESPACE = 'urn:ghpass:domain:1';

/** One GPU of ghpass in a domain. */
export interface RecordedGpu {
  /** On the host. */
  address: string;
  /** Of its `<hostdev>`. */
  alias: string;
  nodes: number[];
  /** Index of its expander bus and of its root port among the PCI controllers. */
  expander: number;
  port: number;
}

/** What in a domain is ghpass's own, so that it can be found again after libvirt or a person edited the rest. */
export interface DomainRecord {
  /** Paths of elements that were not there before, in the order in which they were made; containers have a slash at their end. */
  made: string[];
  /** Places of elements that were written as two tags with nothing between them (`<devices></devices>`), and no longer are. */
  filled: string[];
  /** `<pcihole64>` as it was, its value empty where there was none; null where it was large enough and is not ghpass's. */
  windowBefore: { unit: string | undefined; value: string } | null;
  /** Cells of the domain that had no `<distances>`; libvirt adds that of a cell to itself to those that get some. */
  cellsWithoutDistances: number[];
  /** The root complex had no `<controller>` of its own; libvirt adds it by itself. */
  madeRootComplex: boolean;
  gpus: RecordedGpu[];
}

const ELEMENT = 'ghpass:gpus';

/** @returns null where the domain has nothing of ghpass. */
export function readRecord(domain: XmlElement): DomainRecord | null {
  const element = domain.find('metadata')?.elements().find(isOwn);
  if (!element) return null;
  const window = element.attribute('pcihole64');
  return {
    made: wordsOf(element.attribute('made')),
    filled: wordsOf(element.attribute('filled')),
    windowBefore: window === undefined ? null : { unit: element.attribute('pcihole64-unit'), value: window },
    cellsWithoutDistances: parseNumberList(element.attribute('distances') ?? '') ?? [],
    madeRootComplex: element.attribute('pcie-root') === 'made',
    gpus: element.elements().map((gpu) => ({
      address: gpu.attribute('address') ?? '',
      alias: gpu.attribute('alias') ?? '',
      nodes: parseNumberList(gpu.attribute('nodes') ?? '') ?? [],
      expander: Number(gpu.attribute('expander')),
      port: Number(gpu.attribute('port')),
    })),
  };
}

/** Writes what ghpass owns. */
export function writeRecord(metadata: XmlElement, record: DomainRecord): void {
  const { made, filled, windowBefore, cellsWithoutDistances, madeRootComplex, gpus } = record;
  const children = gpus.map(({ nodes, ...gpu }): Shape => ['ghpass:gpu', { ...gpu, nodes: formatNumberList(nodes) }]);
  const attributes = {
    'xmlns:ghpass': GHPASS_NAMESPACE,
    made: made.join(' ') || undefined,
    filled: filled.join(' ') || undefined,
    pcihole64: windowBefore?.value,
    'pcihole64-unit': windowBefore?.unit,
    distances: formatNumberList(cellsWithoutDistances) || undefined,
    'pcie-root': madeRootComplex ? 'made' : undefined,
  };
  append(metadata, [ELEMENT, attributes, children], 2);
}

/** Takes the record away. */
export function removeRecord(domain: XmlElement): void {
  for (const { parent, child } of childrenAt(domain, ['metadata']).flatMap(({ child: metadata }) =>
    metadata
      .elements()
      .filter(isOwn)
      .map((own) => ({ parent: metadata, child: own })),
  )) {
    remove(parent, child);
  }
}

function wordsOf(list: string | undefined): string[] {
  return list?.split(' ').filter(Boolean) ?? [];
}

/** libvirt keeps the prefix; a person may have another one. */
function isOwn(element: XmlElement): boolean {
  return [...element.attributes].some(([name, value]) => name.startsWith('xmlns') && value === GHPASS_NAMESPACE);
}
