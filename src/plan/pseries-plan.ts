import { GhpassError } from '../errors.ts';
import { formatAddress, KIB, TIB } from '../vfio/bytes.ts';
import type { GpuFacts, GpuLink } from '../vfio/gpu.ts';
import { NVLINK2_STACK } from '../vfio/nvlink.ts';
import { isNvlinkMemory, isNvlinkRegister } from '../vfio/nvlink-regions.ts';
import type { GuestBoot } from './guest-plan.ts';
import type { GuestRequest } from './request.ts';

/**
 * A guest for V100 GPUs on NVLink2, as QEMU 4.1 to 8.1 took it (ec132efaa81f, hw/ppc/spapr_pci_nvlink2.c). Where memory and
 * registers will be is QEMU's own arithmetic, by the number of the host bridge: arguments cannot change it.
 */
export interface PseriesPlan {
  name: string;
  machine: 'pseries';
  accelerator: 'kvm';
  cpus: { count: number };
  memoryBytes: bigint;
  /** One for each IOMMU group: its ATSD registers reach the GPUs of their own NPU only. */
  hostBridges: PseriesHostBridge[];
  boot: GuestBoot;
}

export interface PseriesHostBridge {
  /** Number in QEMU; 0 is the bridge that every pseries guest has. */
  index: number;
  id: string;
  iommuGroup: string | null;
  gpus: PseriesGpu[];
}

export interface PseriesGpu {
  /** On the host. */
  address: string;
  id: string;
  /** On the root bus of the host bridge. */
  slot: number;
  /** Where the guest has the GPU's memory. */
  memoryAddress: string;
  memoryBytes: bigint;
  /** NUMA node of the guest that QEMU makes for it, behind those that were asked for. */
  guestNode: number;
  links: PseriesLink[];
}

export interface PseriesLink {
  address: string;
  id: string;
  slot: number;
  /** Where the guest has the link's ATSD register; null where the host gave it none. */
  registerAddress: string | null;
}

/** SPAPR_PCI_NV2RAM64_WIN_BASE and _SIZE, SPAPR_PCI_NV2ATSD_WIN_BASE and _SIZE (QEMU 4.1, include/hw/pci-host/spapr.h). */
const MEMORY_BASE = 64n * TIB;
const MEMORY_WINDOW = 2n * TIB;
const REGISTER_BASE = 128n * TIB;
const GPUS_PER_BRIDGE = 6;
const LINKS_PER_GPU = 3;
const REGISTER_WINDOW = BigInt(GPUS_PER_BRIDGE * LINKS_PER_GPU) * 64n * KIB;
/** What guests know of: the kernel of one reads no more ATSD registers than this (spapr_phb_nvgpu_populate_dt). */
const REGISTERS_PER_BRIDGE = 8;
/** Without nodes of its own a guest has node 0, and QEMU counts on from 1 (hw/ppc/spapr.c, gpu_numa_id). */
const FIRST_GPU_NODE = 1;

/**
 * The guest for these GPUs. Pure: the same input gives the same plan.
 * @throws GhpassError `nvlink2.unknown` where the memory of a GPU is not known, `nvlink2.limits` for more than a bridge holds,
 * `nvlink2.placement` where huge pages, pins, an SMMU or a network are asked for.
 */
export function planPseries(gpus: readonly GpuFacts[], request: GuestRequest): PseriesPlan {
  requirePlain(request);
  const groups = [...new Set(gpus.map(({ pci }) => pci.iommuGroup))];
  const members = groups.map((iommuGroup) => gpus.filter(({ pci }) => pci.iommuGroup === iommuGroup));
  const order = members.flat();
  return {
    name: request.name,
    machine: 'pseries',
    accelerator: 'kvm',
    cpus: { count: request.vcpus },
    memoryBytes: request.memoryBytes,
    hostBridges: members.map((ofGroup, i) => planHostBridge(i + 1, ofGroup, order)),
    boot: request.boot,
  };
}

/** Such a guest is not started, so nothing is pinned or reserved for it; and its IOMMU is that of the machine. */
function requirePlain({ placement: { hugePages, pin, smmu }, network }: GuestRequest): void {
  if (hugePages === null && !pin && smmu !== 'on' && network === null) return;
  throw new GhpassError('usage', {
    code: 'nvlink2.placement',
    message: 'a guest with memory behind NVLink2 is planned without huge pages, pins, SMMU and network',
    suggestions: ['--hugepages none --no-pin --smmu off --network none'],
  });
}

/** QEMU puts memory and registers one behind the other, in the order of the slots (spapr_phb_pci_collect_nvgpu). */
function planHostBridge(index: number, members: readonly GpuFacts[], order: readonly GpuFacts[]): PseriesHostBridge {
  let memory = MEMORY_BASE + BigInt(index) * MEMORY_WINDOW;
  let register = REGISTER_BASE + BigInt(index) * REGISTER_WINDOW;
  let slot = 1;
  const planLink = (link: GpuLink, id: string): PseriesLink => {
    const bytes = registerBytes(link);
    const registerAddress = bytes === 0n ? null : formatAddress(register);
    register += bytes;
    return { address: link.pci.address, id, slot: slot++, registerAddress };
  };
  const gpus = members.map((gpu): PseriesGpu => {
    const number = order.indexOf(gpu);
    const id = `gpu${number}`;
    const memoryBytes = windowBytes(gpu);
    const memoryAddress = formatAddress(memory);
    memory += memoryBytes;
    const place = { address: gpu.pci.address, id, slot: slot++, memoryAddress, memoryBytes };
    const links = (gpu.nvlink?.links ?? []).map((link, i) => planLink(link, `${id}-link${i}`));
    return { ...place, guestNode: FIRST_GPU_NODE + number, links };
  });
  requireLimits(gpus);
  return { index, id: `bridge${index}`, iommuGroup: members[0]?.pci.iommuGroup ?? null, gpus };
}

/** Length of the GPU's memory region; of a GPU that was not opened, what the device tree says. */
function windowBytes(gpu: GpuFacts): bigint {
  const bytes = gpu.regions.find(isNvlinkMemory)?.sizeBytes ?? gpu.nvlink?.window?.sizeBytes;
  if (gpu.memory.layout === 'nvlink2' && bytes) return bytes;
  throw new GhpassError('check', {
    code: 'nvlink2.unknown',
    message: `${gpu.pci.address}: no memory behind NVLink2 is known of, so no guest can be planned; it needs ${NVLINK2_STACK}`,
    suggestions: [`ghpass probe ${gpu.pci.address}`],
  });
}

/** A bridge that was not opened is taken to have the register that the kernel gives to each. */
function registerBytes({ notOpened, regions }: GpuLink): bigint {
  if (notOpened) return 64n * KIB;
  return regions.find(isNvlinkRegister)?.sizeBytes ?? 0n;
}

function requireLimits(gpus: readonly PseriesGpu[]): void {
  const links = gpus.map((gpu) => gpu.links.length);
  const registers = gpus.flatMap((gpu) => gpu.links).filter(({ registerAddress }) => registerAddress !== null);
  const most = Math.max(...links);
  const fits = gpus.length <= GPUS_PER_BRIDGE && most <= LINKS_PER_GPU && registers.length <= REGISTERS_PER_BRIDGE;
  if (fits) return;
  throw new GhpassError('check', {
    code: 'nvlink2.limits',
    message: `one IOMMU group has ${gpus.length} GPUs with up to ${most} links and ${registers.length} ATSD registers; QEMU's host bridge holds ${GPUS_PER_BRIDGE} with ${LINKS_PER_GPU} each, and guests read ${REGISTERS_PER_BRIDGE} registers`,
    suggestions: ['give the guest fewer GPUs'],
  });
}
