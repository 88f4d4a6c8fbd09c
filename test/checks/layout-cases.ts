import type { SyntheticGpu } from '../../src/host/builtin/synthesize.ts';
import type { Host } from '../../src/host/host.ts';
import type { Layout } from '../../src/vfio/layout.ts';
import { blackwell, GIB, graceHost, hopper, MIB, openMadeUp } from '../fixtures/grace-host.ts';
import { sparse, type WrittenRegion } from '../fixtures/vfio-bytes.ts';
import { answering } from './made-up-hosts.ts';

/** The answer of a device in one layout, and what is said of it. */
export interface LayoutCase {
  layout: Layout;
  title: string;
  /** A GH200 of 94.5 GiB where it is left out. */
  gpu?: SyntheticGpu;
  /** Another host than a Grace host with this GPU, and the address of its first GPU. */
  host?: Host;
  address?: string;
  /** What VFIO answers beside region 0. */
  regions: readonly WrittenRegion[];
  /** The one predicate that is broken; empty in a good case. */
  rule: string;
  /** The whole message; empty in a good case. */
  message: string;
}

const MEMORY = (189n * GIB) / 2n;
const RESERVED = { index: 2, sizeBytes: GIB, capabilities: [sparse([0n, GIB])] };
const USABLE = { index: 4, sizeBytes: 128n * GIB, capabilities: [sparse([0n, MEMORY - GIB])] };
const PHYSICAL = { index: 2, sizeBytes: 128n * GIB };
const ALL = { index: 4, sizeBytes: 128n * GIB, capabilities: [sparse([0n, MEMORY])] };
const APERTURE = { index: 2, sizeBytes: 128n * GIB, capabilities: [sparse([0n, MEMORY])] };
const PADDED = { index: 2, sizeBytes: MEMORY };
const BAR4 = { index: 4, sizeBytes: 32n * MIB };
const CACHED = hopper({ migWorksWithCachedMemory: true });

const reserved = (sizeBytes: bigint, memoryBytes: bigint) => ({
  ...RESERVED,
  sizeBytes,
  capabilities: [sparse([0n, memoryBytes])],
});
const usable = (sizeBytes: bigint, memoryBytes: bigint) => ({
  ...USABLE,
  sizeBytes,
  capabilities: [sparse([0n, memoryBytes])],
});

const good = (layout: Layout, title: string, regions: readonly WrittenRegion[], gpu = hopper()): LayoutCase => ({
  layout,
  title,
  gpu,
  regions,
  rule: '',
  message: '',
});

const SHAPE: LayoutCase[] = (
  [
    [
      'a flag that is missing',
      'a special region can be read, written and mapped, and has capabilities',
      [{ ...RESERVED, flags: 0xb }, USABLE],
      'region 2 lacks mmap',
    ],
    [
      'an offset of its own',
      'a special region is at the file offset of its index',
      [RESERVED, { ...USABLE, offset: 4096n }],
      'region 4 is at offset 4096, not 4 << 40',
    ],
    [
      'two areas',
      'a special region has one sparse area',
      [RESERVED, { ...USABLE, capabilities: [sparse([0n, 93n * GIB], [93n * GIB, GIB / 2n])] }],
      'region 4 has 2 sparse areas, not one',
    ],
    [
      'an area that does not begin at 0',
      'the sparse area begins at 0, is not empty and fits the region',
      [RESERVED, { ...USABLE, capabilities: [sparse([4096n, MEMORY - GIB])] }],
      'region 4 of 128 GiB has a sparse area of 93.5 GiB at 4096',
    ],
    [
      'another version of the capability',
      'the sparse-mmap capability has version 1',
      [{ ...RESERVED, capabilities: [{ ...sparse([0n, GIB]), version: 2 }] }, USABLE],
      'region 2 has version 2 of the sparse-mmap capability, not 1',
    ],
    [
      'a second capability',
      'the answer is the structure and the sparse-mmap capability, and nothing else',
      [{ ...RESERVED, capabilities: [...RESERVED.capabilities, { id: 3 }] }, USABLE],
      'region 2 is answered with 72 bytes and capabilities at 32, not 64 and 32',
    ],
    [
      'an answer that claims to be longer than the structure',
      'the answer is the structure and the sparse-mmap capability, and nothing else',
      [RESERVED, { ...USABLE, argsz: 96 }],
      'region 4 is answered with 96 bytes and capabilities at 32, not 64 and 32',
    ],
    [
      'a region 3 of its own',
      'a special region is a 64-bit BAR: the region behind it is empty',
      [RESERVED, USABLE, { index: 3, sizeBytes: 4096n }],
      'region 3 is 4 KiB, not the upper half of region 2',
    ],
    [
      'a region 5 of its own',
      'a special region is a 64-bit BAR: the region behind it is empty',
      [RESERVED, USABLE, { index: 5, sizeBytes: 4096n }],
      'region 5 is 4 KiB, not the upper half of region 4',
    ],
  ] as const
).map(([title, rule, regions, message]) => ({ layout: 'carveout', title, rule, regions, message }));

const CARVEOUT: LayoutCase[] = [
  good('carveout', '94.5 GiB', [RESERVED, USABLE]),
  good('carveout', 'reserved memory of just less than 1.5 GiB', [
    reserved(2n * GIB, (3n * GIB) / 2n - 4096n),
    usable(128n * GIB, 93n * GIB),
  ]),
  {
    layout: 'carveout',
    title: 'usable memory that is no multiple of 512 MiB',
    rule: 'carveout: the usable memory is a multiple of 512 MiB, and not 0',
    regions: [RESERVED, usable(128n * GIB, 93n * GIB + 256n * MIB)],
    message: 'region 4 holds 93.25 GiB, no multiple of 512 MiB',
  },
  {
    layout: 'carveout',
    title: 'reserved memory of 1.5 GiB, of which the driver would have made 512 MiB usable',
    rule: 'carveout: the reserved memory is at least 1 GiB and less than 1.5 GiB',
    regions: [reserved(2n * GIB, (3n * GIB) / 2n), usable(128n * GIB, 93n * GIB)],
    message: 'region 2 holds 1.5 GiB, not 1 GiB to less than 1.5 GiB',
  },
  {
    layout: 'carveout',
    title: 'reserved memory of less than 1 GiB',
    rule: 'carveout: the reserved memory is at least 1 GiB and less than 1.5 GiB',
    regions: [reserved(GIB, 768n * MIB), USABLE],
    message: 'region 2 holds 768 MiB, not 1 GiB to less than 1.5 GiB',
  },
  {
    layout: 'carveout',
    title: 'a region 2 as long as the physical BAR2',
    rule: 'carveout: region 2 is the reserved memory, rounded up to a power of two',
    regions: [reserved(128n * GIB, GIB), USABLE],
    message: 'region 2 is 128 GiB, not 1 GiB for the 1 GiB that it holds',
  },
  {
    layout: 'carveout',
    title: 'a region 4 of twice the length',
    rule: 'carveout: region 4 is the memory less 1 GiB, rounded up to a power of two',
    regions: [RESERVED, usable(256n * GIB, MEMORY - GIB)],
    message: 'region 4 is 256 GiB, not 128 GiB for 94.5 GiB less 1 GiB',
  },
  {
    layout: 'carveout',
    title: 'a device that needs none',
    rule: 'carveout: NVIDIA’s DVSEC says that MIG does not work with cached memory',
    gpu: CACHED,
    regions: [RESERVED, USABLE],
    message: 'the layout is carveout, but the DVSEC says that MIG works with cached memory',
  },
];

const WHOLE: LayoutCase[] = [
  good('whole', '94.5 GiB', [PHYSICAL, ALL], CACHED),
  good(
    'whole',
    'no BAR2',
    [{ index: 2, sizeBytes: 0n, flags: 0 }, ALL],
    hopper({ ...CACHED, bars: [16n * MIB, 0n, 0n] }),
  ),
  good(
    'whole',
    'memory that is no multiple of 512 MiB',
    [
      { index: 2, sizeBytes: 256n * GIB },
      { index: 4, sizeBytes: 256n * GIB, capabilities: [sparse([0n, 189471n * MIB])] },
    ],
    blackwell(),
  ),
  {
    layout: 'whole',
    title: 'a length of region 4 that is no power of two',
    rule: 'the length of a special region is a power of two',
    gpu: CACHED,
    regions: [PHYSICAL, { ...ALL, sizeBytes: MEMORY }],
    message: 'region 4 is 94.5 GiB, no power of two; region 4 is 94.5 GiB, not 128 GiB for the 94.5 GiB that it holds',
  },
  {
    layout: 'whole',
    title: 'a region 4 of twice the length',
    rule: 'whole: region 4 is the memory, rounded up to a power of two',
    gpu: CACHED,
    regions: [PHYSICAL, { ...ALL, sizeBytes: 256n * GIB }],
    message: 'region 4 is 256 GiB, not 128 GiB for the 94.5 GiB that it holds',
  },
  {
    layout: 'whole',
    title: 'a region 2 that is no BAR',
    rule: 'whole: region 2 is a BAR of the device: a power of two, or nothing',
    gpu: CACHED,
    regions: [{ ...PHYSICAL, sizeBytes: 96n * GIB }, ALL],
    message: 'region 2 is 96 GiB, no power of two, so it is no BAR of the device',
  },
  {
    layout: 'whole',
    title: 'a device that needs a carve-out',
    rule: 'whole: NVIDIA’s DVSEC says that MIG works with cached memory',
    regions: [PHYSICAL, ALL],
    message: 'the layout is whole, but the DVSEC says that MIG does not work with cached memory',
  },
];

const OTHERS: LayoutCase[] = [
  good('aperture', '94.5 GiB', [APERTURE, BAR4]),
  {
    layout: 'aperture',
    title: 'a region 2 of twice the length',
    rule: 'aperture: region 2 is the memory, rounded up to a power of two',
    regions: [{ ...APERTURE, sizeBytes: 256n * GIB }, BAR4],
    message: 'region 2 is 256 GiB, not 128 GiB for the 94.5 GiB that it holds',
  },
  {
    layout: 'aperture',
    title: 'a sparse area that does not fit',
    rule: 'the sparse area begins at 0, is not empty and fits the region',
    regions: [{ ...APERTURE, sizeBytes: 64n * GIB }, BAR4],
    message:
      'region 2 of 64 GiB has a sparse area of 94.5 GiB at 0; region 2 is 64 GiB, not 128 GiB for the 94.5 GiB that it holds',
  },
  good('pad-bars', '94.5 GiB in region 2', [PADDED, BAR4]),
  good('pad-bars', '94.5 GiB in region 4', [PHYSICAL, { index: 4, sizeBytes: MEMORY }]),
  {
    layout: 'pad-bars',
    title: 'a region that cannot be mapped',
    rule: 'pad-bars: the padded region can be read, written and mapped',
    regions: [{ ...PADDED, flags: 0x3 }, BAR4],
    message: 'region 2 lacks mmap',
  },
  {
    layout: 'pad-bars',
    title: 'a region 3 of its own',
    rule: 'pad-bars: the padded region is a 64-bit BAR: the region behind it is empty',
    regions: [PADDED, { index: 3, sizeBytes: 4096n }, BAR4],
    message: 'region 3 is 4 KiB, not the upper half of region 2',
  },
  {
    layout: 'pad-bars',
    title: 'two regions to pad',
    rule: 'pad-bars: one region is padded, not both',
    regions: [PADDED, { index: 4, sizeBytes: 3n * GIB }],
    message: 'region 2 is 94.5 GiB and region 4 is 3 GiB, both no powers of two: one of them holds the memory',
  },
  good('none', 'the physical BARs', [PHYSICAL, BAR4]),
  good(
    'none',
    'no BAR4',
    [PHYSICAL, { index: 4, sizeBytes: 0n, flags: 0 }],
    hopper({ bars: [16n * MIB, 128n * GIB, 0n] }),
  ),
  {
    layout: 'none',
    title: 'a region 4 that is not the BAR4',
    rule: 'none: region 4 is the physical BAR4, or empty where there is none',
    regions: [PHYSICAL, { index: 4, sizeBytes: 128n * GIB }],
    message: 'VFIO region 4 is 128 GiB, the physical BAR4 32 MiB',
  },
];

export const LAYOUT_CASES: readonly LayoutCase[] = [...SHAPE, ...CARVEOUT, ...WHOLE, ...OTHERS];

/** The host of a case. */
export function hostOf({ host, gpu = hopper(), regions }: LayoutCase): Host {
  return host ?? openMadeUp(graceHost([gpu]), answering({ index: 0, sizeBytes: 16n * MIB }, ...regions));
}
