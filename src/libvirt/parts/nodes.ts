import { formatNumberList } from '../../host/numa/number-list.ts';
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
export function addNodes(domain: XmlElement, plan: GuestPlan, profile: Profile, record: DomainRecord): void {
  const { made } = record;
  const hasCells = childrenAt(domain, [...NUMA, 'cell']).length > 0;
  const numa = ensure(domain, made, NUMA, plan.accelerator === 'kvm' ? { cpu: CPU } : {});
  const distances = profile.nodes === 'element' ? plan.distances : null;
  if (hasCells) {
    if (distances) record.cellsWithoutDistances = addSiblings(numa, plan, distances);
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
export function removeNodes(domain: XmlElement, { gpus, cellsWithoutDistances }: DomainRecord): void {
  const ids = new Set(gpus.flatMap(({ nodes }) => nodes));
  for (const [position, { parent, child }] of childrenAt(domain, [...NUMA, 'cell']).entries()) {
    const id = idOf(child, position);
    if (ids.has(id)) remove(parent, child);
    for (const distances of child.elements('distances')) {
      for (const sibling of distances.elements('sibling')) {
        if (ids.has(Number(sibling.attribute('id')))) remove(distances, sibling);
      }
      const isOthers = distances.elements().some((sibling) => Number(sibling.attribute('id')) !== id);
      if (cellsWithoutDistances.includes(id) && !isOthers) remove(child, distances);
    }
  }
}

/** libvirt counts the cells that have no id. */
function idOf(cell: XmlElement, position: number): number {
  return Number(cell.attribute('id') ?? position);
}

/**
 * @param memAccess as in the other cells: vhost-user and virtiofs want every cell shared, also one without memory
 * (seen with libvirt 12.8).
 */
function cell({ id, cpus, memoryBytes }: GuestNode, row: readonly number[] | null, memAccess?: string): Shape {
  const siblings = (row ?? []).map((value, to): Shape => ['sibling', { id: to, value }]);
  return [
    'cell',
    {
      id,
      cpus: cpus === null ? undefined : formatNumberList(cpus),
      memory: `${memoryBytes / KIB}`,
      unit: 'KiB',
      memAccess,
    },
    siblings.length > 0 ? [['distances', {}, siblings]] : [],
  ];
}

/**
 * Distances from cells that were there to the nodes of the GPUs; those between the cells are somebody else's.
 * @returns the cells that had none before.
 */
function addSiblings(numa: XmlElement, { nodes }: GuestPlan, distances: readonly (readonly number[])[]): number[] {
  const ofGpus = nodes.filter(({ gpu }) => gpu !== null);
  return [...numa.elements('cell').entries()].flatMap(([position, element]) => {
    const id = idOf(element, position);
    const before = element.find('distances');
    const parent = before ?? append(element, ['distances'], 4);
    for (const { id: to } of ofGpus) append(parent, ['sibling', { id: to, value: distances[id]?.[to] }], 5);
    return before ? [] : [id];
  });
}
