import { cpuOvercommit } from './cpu-overcommit.ts';
import { cpuSetAside } from './cpu-set-aside.ts';
import type { PlanCheck } from './facts.ts';
import { firmwareAavmf } from './firmware-aavmf.ts';
import { iommufdPfnmap } from './iommufd-pfnmap.ts';
import { kernelCacheablePfnmap } from './kernel-cacheable-pfnmap.ts';
import { kernelNodesShift } from './kernel-nodes-shift.ts';
import { kvmUnusable } from './kvm-unusable.ts';
import { libvirtHugepages } from './libvirt-hugepages.ts';
import { libvirtVersion } from './libvirt-version.ts';
import { memAvailable } from './mem-available.ts';
import { memHugepagesFree } from './mem-hugepages-free.ts';
import { memMemlock } from './mem-memlock.ts';
import { mmioWindow } from './mmio-window.ts';
import { distancesUnknown } from './numa-distances-unknown.ts';
import { qemuGiBdf } from './qemu-gi-bdf.ts';
import { qemuGiNodeRange } from './qemu-gi-node-range.ts';
import { stackSmmu } from './stack-smmu.ts';
import { stackVersion } from './stack-version.ts';
import { startSlowPin } from './start-slow-pin.ts';
import { vcmdqMemory } from './vcmdq-memory.ts';

/** What is checked of each plan before anything is started. */
export const PLAN_CHECKS: readonly PlanCheck[] = [
  stackVersion,
  libvirtVersion,
  stackSmmu,
  vcmdqMemory,
  qemuGiBdf,
  qemuGiNodeRange,
  kvmUnusable,
  kernelCacheablePfnmap,
  firmwareAavmf,
  mmioWindow,
  memAvailable,
  memHugepagesFree,
  memMemlock,
  libvirtHugepages,
  startSlowPin,
  cpuOvercommit,
  cpuSetAside,
  kernelNodesShift,
  iommufdPfnmap,
  distancesUnknown,
];
