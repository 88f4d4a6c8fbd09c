import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A domain that ghpass did not write, in a shape that people have. */
export interface ForeignDomain {
  name: string;
  xml: string;
  /** What stands in the way of GPUs; empty where they can be added. */
  conflicts: readonly string[];
}

/** Ids of what is found in the domains that no plan can be applied to. */
const CONFLICTS: Readonly<Record<string, readonly string[]>> = {
  'acpi-off': ['domain.acpi-off'],
  'commandline-nodes': [
    'domain.qemu-arguments',
    'domain.qemu-arguments',
    'domain.qemu-arguments',
    'domain.qemu-arguments',
  ],
  'commandline-window': ['domain.qemu-arguments'],
  'gic-2': ['domain.gic'],
  'gpu-without-nodes': ['domain.gpu-present'],
  'host-model-cpu': ['domain.cpu-mode'],
  'iommu-smmuv3': ['domain.iommu'],
  'launch-security-sev': ['domain.machine'],
  'maxmemory-slots': ['domain.memory-hotplug'],
  'memory-dimm': ['domain.memory-hotplug'],
  'memory-virtio-mem': ['domain.memory-hotplug'],
  riscv: ['domain.gic', 'domain.machine'],
  'sbsa-ref': ['domain.gic', 'domain.machine'],
  'without-arch': ['domain.machine'],
  'without-features': ['domain.acpi-off', 'domain.uefi-missing'],
  'x86-q35': ['domain.cpu-mode', 'domain.machine'],
};

const DIRECTORY = join(import.meta.dirname, 'corpus');

export const CORPUS: readonly ForeignDomain[] = readdirSync(DIRECTORY).map((file) => {
  const name = basename(file, '.xml');
  return { name, xml: readFileSync(join(DIRECTORY, file), 'utf8'), conflicts: CONFLICTS[name] ?? [] };
});

/** Those that GPUs can be added to. */
export const WITHOUT_CONFLICT = CORPUS.filter(({ conflicts }) => conflicts.length === 0);
