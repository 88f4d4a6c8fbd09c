import { GhpassError } from '../errors.ts';
import type { HostFacts } from '../host/facts.ts';
import { compareVersions } from '../host/kernel/kernel.ts';
import type { ToolFacts } from '../host/programs/tools.ts';
import type { HostSettings } from '../host/settings.ts';
import { type GpuFacts, guestBars } from '../vfio/gpu.ts';
import { NVLINK2_STACK } from '../vfio/nvlink.ts';
import { planDistances } from './distances.ts';
import { chooseFirmware, firmwareOfDomain } from './firmware.ts';
import type { GuestPlan } from './guest-plan.ts';
import { planHostNodes } from './host-nodes.ts';
import { planHugePages } from './huge-pages.ts';
import { initiatorNodes } from './initiator-nodes.ts';
import { planMmioWindow } from './mmio-window.ts';
import { planNetwork } from './network.ts';
import { planNodes, planSockets } from './nodes.ts';
import { planGpus } from './pci.ts';
import { planPinning } from './pinning.ts';
import type { GuestRequest } from './request.ts';
import { planSmmu } from './smmu.ts';

/** Physical address bits that `-cpu max` has under TCG (seen with QEMU 10.0.2 and 11.1.3: 2 PiB stay, 4 PiB are dropped). */
const TCG_ADDRESS_BITS = 52;
/** The kernel from which iommufd maps the memory of another device into the IOMMU; without it QEMU only warns. */
const IOMMUFD_KERNEL = [6, 19] as const;

/** What a plan is made of. */
export interface PlanInput {
  host: HostFacts;
  settings: HostSettings;
  gpus: readonly GpuFacts[];
  tools: ToolFacts;
  request: GuestRequest;
}

/**
 * The guest for these GPUs on this host. Pure: the same input gives the same plan.
 * @throws GhpassError where no plan is possible: `gpu.memory-unknown`, `stack.nvlink2`, `mmio.pa-bits`, `firmware.missing`,
 * and those of {@link planHugePages}, {@link planSmmu} and {@link planPinning}.
 */
export function planGuest({ host, settings, gpus, tools, request }: PlanInput): GuestPlan {
  requireKnownMemory(gpus);
  const accelerator = request.accelerator ?? (tools.kvm.usable ? 'kvm' : 'tcg');
  const addressBits = accelerator === 'kvm' ? tools.kvm.ipaSizeBits : TCG_ADDRESS_BITS;
  const windowBytes = planMmioWindow(
    gpus.map((gpu) => [...guestBars(gpu).values()]),
    addressBits === null ? null : { addressBits, memoryBytes: request.memoryBytes },
  );
  const { domain } = request;
  const firmware = domain?.uefi ? firmwareOfDomain(domain, tools.firmware) : chooseFirmware(tools.firmware);
  const { code, variablesTemplate, format } = firmware;
  const hostNodes = planHostNodes(host.numa, gpus);
  const nodesWith = (hugePageBytes: bigint | null) => planNodes(gpus, hostNodes, { ...request, hugePageBytes });
  const { hugePages } = settings;
  const hugePageBytes = planHugePages({ request, hugePages, pageBytes: host.pageBytes, nodesWith });
  const nodes = nodesWith(hugePageBytes);
  const iommufd = request.iommufd ?? canUseIommufd(host, gpus, tools);
  const guest = { accelerator, iommufd, hugePageBytes } as const;
  const smmu = planSmmu(request.placement.smmu, { host, settings, tools, guest });
  return {
    name: request.name,
    accelerator,
    machine: { ras: true, windowBytes: tools.qemu?.highmemMmioSize === false ? null : windowBytes },
    cpus: { count: request.vcpus, sockets: planSockets(request.vcpus, nodes) },
    memoryBytes: request.memoryBytes,
    hugePageBytes,
    pinning: request.placement.pin ? planPinning(nodes, host.numa, settings.cpus) : null,
    nodes,
    distances: planDistances(host.numa, gpus, nodes, initiatorNodes(host)),
    gpus: planGpus(gpus, nodes, { numa: host.numa, smmu, taken: request.domain?.expanderBuses }),
    firmware: { code, variablesTemplate, format },
    boot: request.boot,
    network: planNetwork(request.name, request.network),
    iommufd,
  };
}

/** A guest cannot be sized for a GPU whose memory nobody knows, and would not find memory that is not exported. */
function requireKnownMemory(gpus: readonly GpuFacts[]): void {
  const old = gpus.filter(({ nvlink, memory }) => nvlink || memory.layout === 'nvlink2').map(({ pci }) => pci.address);
  if (old.length > 0) {
    throw new GhpassError('unsupported', {
      code: 'stack.nvlink2',
      message: `${old.join(', ')}: memory behind NVLink2 needs ${NVLINK2_STACK}; ghpass plans such a guest, and does not start it`,
      suggestions: ['ghpass create-vm NAME --dry-run --emit argv'],
    });
  }
  const unknown = gpus.filter(({ memory }) => memory.usable === null).map(({ pci }) => pci.address);
  if (unknown.length === 0) return;
  throw new GhpassError('check', {
    code: 'gpu.memory-unknown',
    message: `${unknown.join(', ')}: no coherent memory is known of, so no guest can be planned`,
    suggestions: unknown.map((address) => `ghpass probe ${address}`),
  });
}

function canUseIommufd(host: HostFacts, gpus: readonly GpuFacts[], tools: ToolFacts): boolean {
  const { version } = host.kernel;
  const kernelMaps = version !== null && compareVersions(version, IOMMUFD_KERNEL) >= 0;
  return kernelMaps && tools.qemu?.iommufd === true && gpus.every(({ via }) => via === 'cdev');
}
