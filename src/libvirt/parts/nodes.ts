import type { GuestNode, GuestPlan } from '../../plan/guest-plan.ts';
import { append, childrenAt, remove, type Shape } from '../edit.ts';
import { ensure } from '../own.ts';
import type { Profile } from '../profile.ts';
import type { DomainRecord } from '../record.ts';
import type { XmlElement } from '../xml.ts';

const NUMA = ['cpu', 'numa'] as const;
/** libvirt's unit where none is written (docs/formatdomain.rst). */
const KIB = 1024n;
/** What a Grace guest needs: libvirt has no other for KVM on arm64 (src/qemu/qemu_capabilities.c). */
const CPU = { mode: 'host-passthrough', check: 'none' };

/**
 * The guest's nodes as `<cell>`. A domain with cells keeps them. Cells without memory are written where libvirt makes bare
 * nodes of them; else the nodes of the GPUs are arguments of QEMU.
 */
export function addNodes(domain: XmlElement, plan: GuestPlan, profile: Profile, { made }: DomainRecord): void {
  const hasCells = childrenAt(domain, [...NUMA, 'cell']).length > 0;
  const numa = ensure(domain, made, NUMA, plan.accelerator === 'kvm' ? { cpu: CPU } : {});
  const distances = profile.nodes === 'element' ? plan.distances : null;
  if (hasCells) {
    if (distances) addSiblings(numa, plan, distances);
  } else {
    for (const node of plan.nodes.filter(({ memoryBytes }) => memoryBytes > 0n)) {
      append(numa, cell(node, distances?.[node.id] ?? null), 3);
    }
    made.push([...NUMA, 'cell'].join('/'));
  }
  if (profile.nodes === 'commandline') return;
  const memAccess = numa.find('cell')?.attribute('memAccess');
  for (const node of plan.nodes.filter(({ memoryBytes }) => memoryBytes === 0n)) {
    append(numa, cell(node, distances?.[node.id] ?? null, memAccess), 3);
  }
}

/** Takes away the cells of the GPUs, and the distances to them. */
export function removeNodes(domain: XmlElement, { gpus }: DomainRecord): void {
  const ids = new Set(gpus.flatMap(({ nodes }) => nodes.map(String)));
  const isOurs = (element: XmlElement) => ids.has(element.attribute('id') ?? '');
  for (const { parent, child } of childrenAt(domain, [...NUMA, 'cell'])) {
    if (isOurs(child)) remove(parent, child);
    for (const distances of child.elements('distances')) {
      for (const sibling of distances.elements('sibling').filter(isOurs)) remove(distances, sibling);
      if (distances.elements().length === 0) remove(child, distances);
    }
  }
}

/**
 * @param memAccess as in the other cells: vhost-user and virtiofs want every cell shared, also one without memory
 * (seen with libvirt 12.8).
 */
function cell({ id, cpus, memoryBytes }: GuestNode, row: readonly number[] | null, memAccess?: string): Shape {
  const range = cpus === null ? undefined : cpus[0] === cpus[1] ? `${cpus[0]}` : cpus.join('-');
  const siblings = (row ?? []).map((value, to): Shape => ['sibling', { id: to, value }]);
  return [
    'cell',
    { id, cpus: range, memory: `${memoryBytes / KIB}`, unit: 'KiB', memAccess },
    siblings.length > 0 ? [['distances', {}, siblings]] : [],
  ];
}

/** Distances from cells that were there to the nodes of the GPUs; those between the cells are somebody else's. */
function addSiblings(numa: XmlElement, { nodes }: GuestPlan, distances: readonly (readonly number[])[]): void {
  const ofGpus = nodes.filter(({ gpu }) => gpu !== null);
  for (const [position, element] of numa.elements('cell').entries()) {
    const row = distances[Number(element.attribute('id') ?? position)] ?? [];
    const parent = element.find('distances') ?? append(element, ['distances'], 4);
    for (const { id } of ofGpus) append(parent, ['sibling', { id, value: row[id] }], 5);
  }
}
