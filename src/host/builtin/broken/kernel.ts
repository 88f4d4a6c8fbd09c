import { GRACE_KERNEL_CONFIG } from '../board.ts';
import { physicalRegions } from '../driver-regions.ts';
import { gb200Nvl4 } from '../nvl4.ts';
import { type BrokenHosts, GH200_BARS, gh200 } from './broken-host.ts';

const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(GRACE_KERNEL_CONFIG).filter(([name]) => !names.includes(name)));

/** The kernel is too old, or was built without something. */
export const BROKEN_KERNELS: BrokenHosts = {
  'no-gpu': () => ({
    what: 'there is no GPU',
    finding: 'platform.unsupported',
    host: { ...gh200({}), gpus: [], nodes: gh200({}).nodes.slice(0, 1) },
  }),
  'no-variant-driver': () => ({
    what: 'the kernel was built without the variant driver, and nothing is bound',
    finding: 'kernel.nvgrace-config',
    host: gh200({ driver: null, regions: [] }, { kernelConfig: without('NVGRACE_GPU_VFIO_PCI') }),
    changes: { files: { '/lib/modules/6.17.0/modules.alias': 'alias pci:v00008086d* igb\n' } },
  }),
  'no-vfio': () => ({
    what: 'the kernel was built without VFIO',
    finding: 'kernel.vfio-config',
    host: gh200(
      { driver: null, regions: [] },
      { kernelConfig: without('VFIO', 'VFIO_GROUP', 'VFIO_DEVICE_CDEV', 'IOMMUFD') },
    ),
  }),
  'old-kvm': () => ({
    what: 'KVM of Linux 6.12 maps device memory uncached',
    finding: 'kernel.cacheable-pfnmap',
    host: withKvm({ cacheablePfnmap: false }, '6.12.107'),
  }),
  'no-kvm': () => ({
    what: 'there is no KVM',
    finding: 'kvm.unusable',
    host: withKvm({ usable: false, reason: '/dev/kvm: kvm-open failed with errno 2', ipaSizeBits: null }),
  }),
  '16-nodes': () => ({
    what: 'the kernel holds 16 nodes, and the board has 34',
    finding: 'kernel.nodes-shift',
    host: {
      ...gb200Nvl4(),
      kernelConfig: { ...GRACE_KERNEL_CONFIG, NODES_SHIFT: '4' },
      nodes: gb200Nvl4()
        .nodes.slice(0, 16)
        .map((node) => ({ ...node, distances: node.distances.slice(0, 16) })),
    },
    changes: { files: { '/sys/devices/system/node/has_generic_initiator': '2-15\n' } },
  }),
  'fallback-leak': () => ({
    what: 'Linux 7.2 never lets go of the memory of a device that announces none',
    finding: 'kernel.fallback-leak',
    host: gh200({ regions: physicalRegions(GH200_BARS) }, { release: '7.2.4' }),
    changes: { files: { '/sys/firmware/acpi/tables/DSDT': new Uint8Array(36) } },
  }),
  'iommu-passthrough': () => ({
    what: 'the kernel command line switches IOMMU translation off',
    finding: 'kernel.iommu-passthrough',
    host: gh200({}),
    changes: { files: { '/proc/cmdline': 'iommu.passthrough=1 init_on_alloc=0\n' } },
  }),
};

function withKvm(changes: object, release = '6.17.0') {
  const host = gh200({}, { release });
  return { ...host, tools: host.tools && { ...host.tools, kvm: { ...host.tools.kvm, ...changes } } };
}
