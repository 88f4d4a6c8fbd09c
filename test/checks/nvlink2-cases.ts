import { typeOf } from '../../src/host/builtin/nvlink-writer.ts';
import { GIB, KIB } from '../fixtures/grace-host.ts';
import { BRIDGE, nvlinkAnswer, openPower9, TARGET, V100 } from '../fixtures/power9-host.ts';
import type { LayoutCase } from './layout-cases.ts';

const NVIDIA = 0x10de;
const IBM = 0x1014;
const SSATGT = [4, TARGET] as const;
const LNKSPD = [5, 9n] as const;
const MEMORY = { index: 9, sizeBytes: 128n * GIB, capabilities: [typeOf(NVIDIA), SSATGT] };
const REGISTER = { index: 9, sizeBytes: 64n * KIB, capabilities: [typeOf(IBM), SSATGT, LNKSPD] };

const gpu = (...regions: Parameters<typeof nvlinkAnswer>[1][]) => openPower9({}, nvlinkAnswer(V100, ...regions));
const bridge = (...regions: Parameters<typeof nvlinkAnswer>[1][]) => openPower9({}, nvlinkAnswer(BRIDGE, ...regions));

/** Answers of a V100 and of its bridges; the others of the host are good. */
export const NVLINK2_CASES: readonly LayoutCase[] = (
  [
    ['128 GiB and three links', '', openPower9(), ''],
    ['the memory in another region', '', gpu({ ...MEMORY, index: 11 }), ''],
    ['a bridge to which the host gave no register', '', bridge({ ...REGISTER, sizeBytes: 0n }), ''],
    ['a bridge that nobody asked', '', openPower9({}, { files: { [`/ghpass/vfio/${BRIDGE}.json`]: null } }), ''],
    [
      'two regions with memory',
      'nvlink2: the GPU has one region with memory',
      gpu(MEMORY, { ...MEMORY, index: 10 }),
      'the GPU has 2 regions of type NVLink2 memory, not one',
    ],
    ['empty memory', 'nvlink2: the memory is not empty', gpu({ ...MEMORY, sizeBytes: 0n }), 'region 9 is empty'],
    [
      'memory that cannot be mapped',
      'nvlink2: the memory can be read, written and mapped',
      gpu({ ...MEMORY, flags: 0x3 }),
      'region 9 lacks mmap',
    ],
    [
      'memory without a target',
      'nvlink2: the memory says its target address',
      gpu({ ...MEMORY, capabilities: [typeOf(NVIDIA)] }),
      'region 9 has no capability nvlink2-ssatgt',
    ],
    [
      'memory of another length than the device tree says',
      'nvlink2: the memory is the window of the device tree',
      gpu({ ...MEMORY, sizeBytes: 64n * GIB }),
      'region 9 is 64 GiB, the window in the device tree 128 GiB',
    ],
    [
      'another target than the device tree says',
      'nvlink2: the target address is that of the device tree',
      openPower9(
        {},
        {
          files: {
            '/sys/firmware/devicetree/base/pciex@600c3c0006/bus@00/function@00.0/ibm,device-tgt-addr': Buffer.from(
              '0000042000000000',
              'hex',
            ),
          },
        },
      ),
      'region 9 has the target 0x40000000000, the device tree 0x42000000000',
    ],
    [
      'a bridge without a register region',
      'nvlink2: a bridge has one register region',
      bridge(),
      `bridge ${BRIDGE}: has 0 regions of type ATSD, not one`,
    ],
    [
      'a register of 4 KiB on a host with pages of 64 KiB',
      'nvlink2: a register is one page, or not there',
      bridge({ ...REGISTER, sizeBytes: 4n * KIB }),
      `bridge ${BRIDGE}: region 9 is 4 KiB, not one page of 64 KiB`,
    ],
    [
      'a register of 8 KiB on a host whose pages are not known',
      'nvlink2: a register is one page, or not there',
      openPower9(
        {},
        { files: { ...nvlinkAnswer(BRIDGE, { ...REGISTER, sizeBytes: 8n * KIB }).files, '/boot/config-5.4.0': null } },
      ),
      `bridge ${BRIDGE}: region 9 is 8 KiB, not one page of 4 KiB or 64 KiB`,
    ],
    [
      'a register that says nothing',
      'nvlink2: a register says target and speed',
      bridge({ ...REGISTER, capabilities: [typeOf(IBM)] }),
      `bridge ${BRIDGE}: region 9 has no capability nvlink2-ssatgt and no nvlink2-lnkspd`,
    ],
    [
      'a register without a speed',
      'nvlink2: a register says target and speed',
      bridge({ ...REGISTER, capabilities: [typeOf(IBM), SSATGT] }),
      `bridge ${BRIDGE}: region 9 has no capability nvlink2-lnkspd`,
    ],
    [
      'a bridge to another GPU',
      'nvlink2: bridges and GPU have one target',
      bridge({ ...REGISTER, capabilities: [typeOf(IBM), [4, 0x420_0000_0000n], LNKSPD] }),
      `bridge ${BRIDGE}: region 9 has the target 0x42000000000, the GPU 0x40000000000`,
    ],
  ] as const
).map(([title, rule, host, message]) => ({
  layout: 'nvlink2',
  title,
  host,
  address: V100,
  regions: [],
  rule,
  message,
}));
