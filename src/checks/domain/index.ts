import { domainAcpi } from './acpi.ts';
import { domainArguments } from './arguments.ts';
import { domainCells } from './cells.ts';
import { domainCpu } from './cpu.ts';
import type { DomainCheck } from './facts.ts';
import { domainGic } from './gic.ts';
import { domainGpuPresent } from './gpu-present.ts';
import { domainIommu } from './iommu.ts';
import { domainMachine } from './machine.ts';
import { domainMemoryHotplug } from './memory-hotplug.ts';
import { domainMemoryNodes } from './memory-nodes.ts';
import { mmioValue } from './mmio-value.ts';
import { domainUefi } from './uefi.ts';

/** What is checked of a domain that somebody else wrote, before GPUs are added to it. */
export const DOMAIN_CHECKS: readonly DomainCheck[] = [
  domainMachine,
  domainAcpi,
  domainUefi,
  domainGic,
  domainCpu,
  domainMemoryHotplug,
  domainGpuPresent,
  domainArguments,
  domainCells,
  domainMemoryNodes,
  domainIommu,
  mmioValue,
];
