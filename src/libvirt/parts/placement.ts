import type { GuestPlan } from '../../plan/guest-plan.ts';
import { append, type Shape } from '../edit.ts';
import { own } from '../own.ts';
import type { DomainRecord } from '../record.ts';
import type { XmlElement } from '../xml.ts';

/** Where memory and vCPUs of the guest may be, as far as the domain does not say so itself. */
export function addPlacement(domain: XmlElement, plan: GuestPlan, { made }: DomainRecord): void {
  addMemoryBinding(domain, plan, made);
  if (plan.hugePageBytes !== null && domain.find('memoryBacking', 'hugepages') === undefined) {
    const page: Shape = ['page', { size: `${plan.hugePageBytes / 1024n}`, unit: 'KiB' }];
    own(domain, made, ['memoryBacking'], [['hugepages', {}, [page]]]);
    own(domain, made, ['memoryBacking'], [['allocation', { mode: 'immediate' }]]);
  }
  if (plan.pinning === null || domain.find('cputune') !== undefined) return;
  const { vcpus, emulator } = plan.pinning;
  own(
    domain,
    made,
    ['cputune'],
    vcpus.map((cpuset, vcpu): Shape => ['vcpupin', { vcpu, cpuset }]),
  );
  own(domain, made, ['cputune'], [['emulatorpin', { cpuset: emulator }]]);
}

/** Memory of the guest never comes from a node of the host that is a GPU's memory, so it is bound to those with CPUs. */
function addMemoryBinding(domain: XmlElement, { nodes }: GuestPlan, made: string[]): void {
  const bound = nodes.filter(({ memoryBytes, hostNode }) => memoryBytes > 0n && hostNode !== null);
  if (bound.length === 0 || domain.find('numatune') !== undefined) return;
  const all = [...new Set(bound.map(({ hostNode }) => hostNode))].join(',');
  own(domain, made, ['numatune'], [['memory', { mode: 'strict', nodeset: all }]]);
  if (bound.length === 1) return;
  const cells = bound.map(
    ({ id, hostNode }): Shape => ['memnode', { cellid: id, mode: 'strict', nodeset: `${hostNode}` }],
  );
  own(domain, made, ['numatune'], cells);
}

/** Errors of the GPU's memory reach the guest as records of its firmware; QEMU ends the guest without it (hw/acpi/ghes.c). */
export function addReliability(domain: XmlElement, { machine: { ras } }: GuestPlan, { made }: DomainRecord): void {
  const features = domain.find('features');
  if (!ras || !features || features.find('ras')) return;
  append(features, ['ras', { state: 'on' }], 2);
  made.push('features/ras');
}
