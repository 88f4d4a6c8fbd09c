import { describe, expect, test } from 'vitest';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { listPciFunctions, readPciFunction } from '../../src/host/pci/pci.ts';
import { isPciAddress, parsePciAddress } from '../../src/host/pci/pci-address.ts';
import fc from '../fixtures/fast-check.ts';
import { ADDRESS, type FileChanges, filesOf, GIB, graceHost, hopper, MIB } from '../fixtures/grace-host.ts';

const DIRECTORY = `/sys/bus/pci/devices/${ADDRESS}`;

function readGpu(changes: FileChanges = {}) {
  return readPciFunction(memoryFiles(filesOf(graceHost([hopper()]), changes)), {
    address: ADDRESS,
    vendor: 0x10de,
    device: 0x2342,
  });
}

const line = (start: bigint, end: bigint) => `0x${start.toString(16).padStart(16, '0')} 0x${end.toString(16)} 0x14220c`;
const NONE = '0x0000000000000000 0x0000000000000000 0x0000000000000000';

describe('a function', () => {
  test('is what sysfs says of it', () => {
    expect(readGpu()).toMatchObject({
      address: ADDRESS,
      subsystemVendor: 0x10de,
      subsystemDevice: 0x16eb,
      modalias: 'pci:v000010DEd00002342sv000010DEsd000016EBbc03sc02i00',
      driver: 'nvgrace_gpu_vfio_pci',
      driverOverride: 'nvgrace_gpu_vfio_pci',
      iommuGroup: '12',
      groupMembers: [{ address: ADDRESS, driver: 'nvgrace_gpu_vfio_pci', isBridge: false }],
      numaNode: 0,
      acpiPath: '\\_SB_.PC09.RP00.GPU0',
      resetMethods: ['flr'],
    });
  });

  test('is known by its address, vendor and device', () => {
    const files = { [`${DIRECTORY}/vendor`]: '0x10de\n', [`${DIRECTORY}/device`]: '0x2342\n' };
    const other = { '/sys/bus/pci/devices/not-an-address/vendor': '0x10de\n' };
    expect(listPciFunctions(memoryFiles({ files: { ...files, ...other }, links: {} }))).toEqual([
      { address: ADDRESS, vendor: 0x10de, device: 0x2342 },
    ]);
  });

  test('is read only where it is wanted, by its vendor or its address', () => {
    const asked: string[] = [];
    const device = (address: string, vendor: string) => ({
      [`/sys/bus/pci/devices/${address}/vendor`]: `${vendor}\n`,
      [`/sys/bus/pci/devices/${address}/device`]: '0x1234\n',
    });
    const list = '0208\t80861234\t0\t10\n03ff\t15b31021\t0\n0100\t10de2342\t0\n0100\t80861234\t0\n';
    const host = {
      ...device('0009:01:00.0', '0x10de'),
      ...device('0019:01:00.0', '0x8086'),
      ...device('0000:02:01.0', '0x8086'),
      ...device('0000:03:1f.7', '0x15b3'),
    };
    const read = (files: Record<string, string>) => {
      const memory = memoryFiles({ files, links: {} });
      const readBytes = (path: string) => {
        asked.push(path.split('/').at(-2) ?? '');
        return memory.readBytes(path);
      };
      return listPciFunctions({ ...memory, readBytes }, { vendors: [0x10de], addresses: new Set(['0000:03:1f.7']) });
    };
    const expected = [
      { address: '0000:03:1f.7', vendor: 0x15b3, device: 0x1234 },
      { address: '0009:01:00.0', vendor: 0x10de, device: 0x1234 },
    ];
    expect(read({ ...host, '/proc/bus/pci/devices': list })).toEqual(expected);
    expect([...new Set(asked)]).toEqual(['pci', '0000:03:1f.7', '0009:01:00.0', '0019:01:00.0']);
    const others = list.split('\n').slice(1).join('\n');
    for (const change of [{}, { '/proc/bus/pci/devices': others }, { '/proc/bus/pci/devices': '' }]) {
      asked.length = 0;
      expect(read({ ...host, ...change })).toEqual(expected);
      expect(asked).toContain('0000:02:01.0');
    }
  });

  test.each<[string, FileChanges, object]>([
    ['no driver', { links: { [`${DIRECTORY}/driver`]: null } }, { driver: null }],
    ['no override', { files: { [`${DIRECTORY}/driver_override`]: '(null)\n' } }, { driverOverride: null }],
    ['an empty override', { files: { [`${DIRECTORY}/driver_override`]: '\n' } }, { driverOverride: null }],
    ['no node', { files: { [`${DIRECTORY}/numa_node`]: '-1\n' } }, { numaNode: null }],
    ['an empty file for the node', { files: { [`${DIRECTORY}/numa_node`]: '\n' } }, { numaNode: null }],
    ['BARs that are not known', { files: { [`${DIRECTORY}/resource`]: null } }, { bars: [] }],
    ['no file for the node', { files: { [`${DIRECTORY}/numa_node`]: null } }, { numaNode: null }],
    ['no group', { links: { [`${DIRECTORY}/iommu_group`]: null } }, { iommuGroup: null, groupMembers: [] }],
    ['no ACPI companion', { files: { [`${DIRECTORY}/firmware_node/path`]: null } }, { acpiPath: null }],
    ['no reset method', { files: { [`${DIRECTORY}/reset_method`]: '\n' } }, { resetMethods: [] }],
    ['reset methods not known', { files: { [`${DIRECTORY}/reset_method`]: null } }, { resetMethods: null }],
    [
      'two reset methods',
      { files: { [`${DIRECTORY}/reset_method`]: 'flr acpi\n' } },
      { resetMethods: ['flr', 'acpi'] },
    ],
    ['a node that is no number', { files: { [`${DIRECTORY}/numa_node`]: '1e400\n' } }, { numaNode: null }],
    [
      'an id that is no number',
      { files: { [`${DIRECTORY}/subsystem_device`]: '0x16eb or so\n' } },
      { subsystemDevice: 0 },
    ],
    ['no configuration space', { files: { [`${DIRECTORY}/config`]: null } }, { config: null }],
  ])('with %s says so', (_title, changes, expected) => {
    expect(readGpu(changes)).toMatchObject(expected);
  });

  test('tells a bridge of its group by its class', () => {
    const port = '0009:00:00.0';
    const changes = {
      files: { [`/sys/bus/pci/devices/${port}/class`]: '0x060400\n' },
      links: {
        [`/sys/bus/pci/devices/${port}/driver`]: '../../../../bus/pci/drivers/pcieport',
        [`/sys/kernel/iommu_groups/12/devices/${port}`]: `../../../../bus/pci/devices/${port}`,
      },
    };
    expect(readGpu(changes).groupMembers[0]).toEqual({ address: port, driver: 'pcieport', isBridge: true });
  });
});

describe('the base address registers', () => {
  const bars = (resource: string) =>
    readGpu({ files: { [`${DIRECTORY}/resource`]: resource } }).bars.map(({ lengthBytes }) => lengthBytes);

  test('have no length where they end before they start, or beyond 64 bits', () => {
    expect(bars(`${line(0x2000n, 0x1fffn)}\n${line(0x2000n, 0xfffn)}\n${line(0n, 1n << 64n)}\n`).slice(0, 3)).toEqual([
      0n,
      0n,
      0n,
    ]);
  });

  test('are the first six lines of resource; BAR2 is the third', () => {
    const lines = [line(0x6610_0000_0000n, 0x6610_00ff_ffffn), NONE, line(0x6700_0000_0000n, 0x671f_ffff_ffffn)];
    const rom = line(0x1000n, 0x1fffn);
    expect(bars(`${[...lines, NONE, NONE, NONE, rom].join('\n')}\n`)).toEqual([16n * MIB, 0n, 128n * GIB, 0n, 0n, 0n]);
  });

  test('can be one byte long', () => {
    expect(bars(line(0x1000n, 0x1000n))).toEqual([1n]);
  });

  test('beyond 2^53 are exact', () => {
    expect(bars(line(0xffff_0000_0000_0000n, 0xffff_0000_0000_0002n))).toEqual([3n]);
  });

  test.each(['rubbish', '0x1 0y2 0x3', ' '])('of %j are none', (resource) => {
    expect(bars(resource)).toEqual([0n]);
  });
});

describe('an address', () => {
  test.each<[string, string | null]>([
    ['0009:01:00.0', '0009:01:00.0'],
    ['01:00.0', '0000:01:00.0'],
    ['000A:B1:1F.7', '000a:b1:1f.7'],
    [' 0009:01:00.0\n', '0009:01:00.0'],
    ['10000:01:00.0', '10000:01:00.0'],
    ['0009:01:20.0', null],
    ['0009:01:00.8', null],
    ['009:01:00.0', null],
    ['0009:01:00.0/..', null],
    ['../../etc/passwd', null],
    ['', null],
  ])('typed as %j is %j', (text, address) => {
    expect(parsePciAddress(text)).toBe(address);
  });

  test('in the kernel’s spelling stays as it is', () => {
    const hex = (digits: number, max: number) =>
      fc.integer({ min: 0, max }).map((n) => n.toString(16).padStart(digits, '0'));
    const parts = fc.tuple(hex(4, 0xffff), hex(2, 0xff), hex(2, 0x1f), fc.integer({ min: 0, max: 7 }));
    fc.assert(
      fc.property(parts, ([domain, bus, slot, fn]) => {
        const address = `${domain}:${bus}:${slot}.${fn}`;
        expect(isPciAddress(address)).toBe(true);
        expect(parsePciAddress(address.toUpperCase())).toBe(address);
      }),
    );
  });
});
