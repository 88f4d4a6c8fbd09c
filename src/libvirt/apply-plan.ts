import type { GuestPlan } from '../plan/guest-plan.ts';
import { filledElements, hollowElements, isHollow } from './hollow.ts';
import { disown, ensure } from './own.ts';
import { addArguments, removeArguments } from './parts/arguments.ts';
import { addGpus, type GpuOptions, removeGpuDevices } from './parts/gpus.ts';
import { addNodes, removeNodes } from './parts/nodes.ts';
import { addPlacement, addReliability } from './parts/placement.ts';
import { addWindow, removeWindow } from './parts/window.ts';
import type { Profile } from './profile.ts';
import { undeclareQemu } from './qemu-namespace.ts';
import { type DomainRecord, readRecord, removeRecord, writeRecord } from './record.ts';
import { parseXml, type XmlElement } from './xml.ts';

/**
 * A domain with the GPUs of a plan, and with no others of ghpass: devices, nodes, window, and a record of all that in its
 * metadata. What is not ghpass's stays as it is, byte for byte. Pure; applied twice is applied once.
 * @throws GhpassError `xml.invalid`.
 */
export function applyPlan(
  domainXml: string,
  plan: GuestPlan,
  profile: Profile,
  options: GpuOptions = { managed: false },
): string {
  const document = parseXml(domainXml);
  const domain = document.root;
  strip(domain);
  const hollow = hollowElements(domain);
  const record: DomainRecord = {
    made: [],
    filled: [],
    windowBefore: null,
    cellsWithoutDistances: [],
    madeRootComplex: false,
    gpus: [],
  };
  const metadata = ensure(domain, record.made, ['metadata']);
  ensure(domain, record.made, ['devices']);
  addPlacement(domain, plan, record);
  addReliability(domain, plan, record);
  addNodes(domain, plan, profile, record);
  addWindow(domain, plan, profile, record);
  addGpus(domain, plan, profile, options, record);
  addArguments(domain, plan, profile, record);
  const isFilled = (element: XmlElement) => element === metadata || !isHollow(element);
  record.filled = [...hollow].flatMap(([element, path]) => (isFilled(element) ? [path] : []));
  writeRecord(metadata, record);
  return document.serialize();
}

/**
 * The inverse: the domain as it was before ghpass gave it GPUs, whatever else was changed in it since.
 * @throws GhpassError `xml.invalid`.
 */
export function removeGpus(domainXml: string): string {
  const document = parseXml(domainXml);
  strip(document.root);
  return document.serialize();
}

function strip(domain: XmlElement): void {
  const record = readRecord(domain);
  if (!record) return;
  const filled = filledElements(domain);
  removeArguments(domain, record);
  removeGpuDevices(domain, record);
  removeWindow(domain, record);
  removeNodes(domain, record);
  removeRecord(domain);
  disown(domain, record.made);
  undeclareQemu(domain, record.made);
  for (const [element, path] of filled) {
    if (isHollow(element) && !record.filled.includes(path)) element.empty();
  }
}
