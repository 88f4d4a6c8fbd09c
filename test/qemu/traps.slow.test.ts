import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { readSrat, type Srat } from '../../src/host/acpi/srat.ts';
import { planMmioWindow } from '../../src/plan/mmio-window.ts';
import { option } from '../../src/qemu/argv/arguments.ts';
import { readAcpiTables } from './kit/acpi-tables.ts';
import { emptyNodes, genericInitiator, NODE_WITH_RAM, pciDevice, virtMachine } from './kit/machine-arguments.ts';
import { findQemu, type QemuCommand } from './kit/qemu-binary.ts';
import { askMachine } from './kit/qmp-once.ts';

/** A machine that is busy with other tests takes its time to start a process. */
vi.setConfig({ testTimeout: 60_000 });

/** The first run may have to fetch and unpack a QEMU. */
const FETCH_MS = 600_000;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const TIB = 1n << 40n;

let qemu: QemuCommand;
beforeAll(async () => {
  qemu = await findQemu();
}, FETCH_MS);

async function sratOf(...args: string[]): Promise<Srat | undefined> {
  const [table] = (await readAcpiTables(args, qemu)).get('SRAT') ?? [];
  return table && readSrat(table);
}

function proximityDomains(srat: Srat | undefined): number[] {
  return srat?.genericInitiators.map(({ proximityDomain }) => proximityDomain) ?? [];
}

function ascending(numbers: number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

/** What the eight nodes of GPU `index` are, where node 0 has the memory. */
function nodesOfGpu(index: number): number[] {
  return Array.from({ length: 8 }, (_, i) => 1 + 8 * index + i);
}

function gpu(index: number): string[] {
  const id = `gpu${index}`;
  return [
    ...pciDevice(id, 5 + index),
    ...nodesOfGpu(index).flatMap((node, i) => genericInitiator(`gi${8 * index + i}`, id, node)),
  ];
}

describe('an initiator that has no effect, without a message', () => {
  test('no NUMA node is configured: there is no SRAT at all', async () => {
    const tables = await readAcpiTables(
      [...virtMachine(), ...pciDevice('gpu0', 5), ...genericInitiator('gi0', 'gpu0', 1)],
      qemu,
    );
    expect(tables.has('DSDT')).toBe(true);
    expect(tables.has('SRAT')).toBe(false);
  });

  test('acpi=off: there are no tables at all', async () => {
    const tables = await readAcpiTables(
      [
        ...virtMachine({ extra: ',acpi=off' }),
        ...NODE_WITH_RAM,
        ...emptyNodes(1),
        ...pciDevice('gpu0', 5),
        ...genericInitiator('gi0', 'gpu0', 1),
      ],
      qemu,
    );
    expect(tables.size).toBe(0);
  });
});

describe('QEMU refuses', () => {
  const device = pciDevice('gpu0', 5);
  test.each<[string, string[], string]>([
    [
      'a node number from 128 on',
      [...NODE_WITH_RAM, ...device, ...genericInitiator('gi0', 'gpu0', 128)],
      'acpi-generic-initiator: Invalid NUMA node specified\n',
    ],
    [
      'a node that -numa does not define',
      [...NODE_WITH_RAM, ...device, ...genericInitiator('gi0', 'gpu0', 5)],
      'acpi-generic-initiator: Specified node 5 is invalid.\n',
    ],
    [
      'a device that is not there',
      [...NODE_WITH_RAM, ...emptyNodes(1), ...genericInitiator('gi0', 'gpu1', 1)],
      'acpi-generic-initiator: Specified device must be a PCI device.\n',
    ],
    [
      'a gap in the node numbers',
      [...NODE_WITH_RAM, ...emptyNodes(2)],
      'qemu-system-aarch64: numa: Node ID missing: 1\n',
    ],
    [
      'node 128 itself',
      [...NODE_WITH_RAM, ...emptyNodes(128)],
      'qemu-system-aarch64: -numa node,nodeid=128: Max number of NUMA nodes reached: 128\n',
    ],
    [
      'an empty backend for a node without memory',
      [...NODE_WITH_RAM, '-object', 'memory-backend-ram,id=ram1,size=0'],
      "qemu-system-aarch64: property 'size' of memory-backend-ram doesn't take value '0'\n",
    ],
    [
      'nodes that do not add up to the memory',
      ['-object', 'memory-backend-ram,id=ram0,size=128M', '-numa', 'node,nodeid=0,memdev=ram0'],
      'qemu-system-aarch64: total memory for NUMA nodes (0x8000000) should equal RAM size (0x10000000)\n',
    ],
    [
      'a distance matrix with a hole',
      [...NODE_WITH_RAM, ...emptyNodes(1, 2), '-numa', 'dist,src=0,dst=1,val=80'],
      'qemu-system-aarch64: The distance between node 0 and 2 is missing, at least one distance value between each nodes should be provided.\n',
    ],
  ])('%s', async (_title, args, stderr) => {
    await expect(readAcpiTables([...virtMachine(), ...args], qemu)).rejects.toMatchObject({ status: 1, stderr });
  });

  test('a bad node even at run time, and takes the machine with it', async () => {
    const add = {
      execute: 'object-add',
      arguments: { 'qom-type': 'acpi-generic-initiator', id: 'gi0', 'pci-dev': 'gpu0', node: 128 },
    };
    await expect(askMachine(qemu, [...virtMachine(), ...NODE_WITH_RAM, ...device], [add])).rejects.toMatchObject({
      status: 1,
      stderr: 'acpi-generic-initiator: Invalid NUMA node specified\n',
    });
  });
});

describe('the SRAT', () => {
  test('has one entry per initiator, in the hash order of the object ids', async () => {
    const srat = await sratOf(...virtMachine(), ...NODE_WITH_RAM, ...emptyNodes(...nodesOfGpu(0)), ...gpu(0));
    expect(ascending(proximityDomains(srat))).toEqual(nodesOfGpu(0));
    // Where this fails QEMU has begun to sort, and the rule "never a sequence" is only history.
    expect(proximityDomains(srat)).not.toEqual(nodesOfGpu(0));
    expect(srat?.memory).toMatchObject([{ proximityDomain: 0, base: GIB, sizeBytes: 256n * MIB, hotPluggable: false }]);
    expect(srat?.processors).toEqual([{ proximityDomain: 0, uid: 0 }]);
  });

  test('mixes the entries of two GPUs; the address tells whose they are', async () => {
    const nodes = [...nodesOfGpu(0), ...nodesOfGpu(1)];
    const srat = await sratOf(...virtMachine(), ...NODE_WITH_RAM, ...emptyNodes(...nodes), ...gpu(0), ...gpu(1));
    expect(proximityDomains(srat)).not.toEqual(nodes);
    for (const [index, address] of ['0000:00:05.0', '0000:00:06.0'].entries()) {
      const own = srat?.genericInitiators.filter((entry) => entry.address === address) ?? [];
      expect(ascending(own.map(({ proximityDomain }) => proximityDomain))).toEqual(nodesOfGpu(index));
    }
  });

  test('accepts one node for two devices, and a node that has CPUs and memory', async () => {
    const shared = await sratOf(
      ...virtMachine(),
      ...NODE_WITH_RAM,
      ...emptyNodes(1),
      ...[...pciDevice('gpu0', 5), ...pciDevice('gpu1', 6)],
      ...genericInitiator('gi0', 'gpu0', 1),
      ...genericInitiator('gi1', 'gpu1', 1),
      ...genericInitiator('gi2', 'gpu1', 0),
    );
    expect(ascending(proximityDomains(shared))).toEqual([0, 1, 1]);
  });
});

describe('maxmem puts the room for DIMMs on the last node', () => {
  const machine = virtMachine({ memory: '256M,slots=2,maxmem=4G' });
  const hotPluggable = (srat: Srat | undefined) => srat?.memory.filter((entry) => entry.hotPluggable) ?? [];

  test('which is a node of the GPU, where those come last', async () => {
    const srat = await sratOf(...machine, ...NODE_WITH_RAM, ...emptyNodes(...nodesOfGpu(0)), ...gpu(0));
    expect(hotPluggable(srat)).toMatchObject([{ proximityDomain: 8 }]);
  });

  test('which is harmless where a node with memory comes last', async () => {
    const srat = await sratOf(
      ...machine,
      ...['-object', 'memory-backend-ram,id=ram0,size=128M', '-numa', 'node,nodeid=0,cpus=0,memdev=ram0'],
      ...emptyNodes(...nodesOfGpu(0)),
      ...['-object', 'memory-backend-ram,id=ram9,size=128M', '-numa', 'node,nodeid=9,memdev=ram9'],
      ...gpu(0),
    );
    expect(hotPluggable(srat)).toMatchObject([{ proximityDomain: 9 }]);
  });

  test('without maxmem there is none', async () => {
    const srat = await sratOf(...virtMachine(), ...NODE_WITH_RAM, ...emptyNodes(...nodesOfGpu(0)), ...gpu(0));
    expect(hotPluggable(srat)).toEqual([]);
  });
});

describe('the MMIO window', () => {
  const windowOf = (cpu: string, sizeBytes: bigint, memory?: string) =>
    virtMachine({ cpu, extra: `,highmem-mmio-size=${sizeBytes}`, ...(memory === undefined ? {} : { memory }) });

  /** The machine's own word, and the window in its memory map: both, because the first is documented nowhere. */
  async function isThere(machine: string[]): Promise<boolean> {
    const [property, memoryMap] = await askMachine(qemu, machine, [
      { execute: 'qom-get', arguments: { path: '/machine', property: 'highmem-mmio' } },
      { execute: 'human-monitor-command', arguments: { 'command-line': 'info mtree' } },
    ]);
    expect(property).toBe(String(memoryMap).includes('alias pcie-mmio-high @gpex_mmio_window'));
    return property === true;
  }

  test.each<[string, bigint, string]>([
    [
      'less than the default',
      256n * GIB,
      'qemu-system-aarch64: highmem-mmio-size cannot be set to a lower value than the default (512 GiB)\n',
    ],
    ['no power of two', 3n * TIB, 'qemu-system-aarch64: highmem-mmio-size is not a power of 2\n'],
  ])('is refused with a size of %s', async (_title, sizeBytes, stderr) => {
    await expect(askMachine(qemu, windowOf('max', sizeBytes), [])).rejects.toMatchObject({ status: 1, stderr });
  });

  test.each([
    ['cortex-a53', 40],
    ['cortex-a57', 44],
    ['neoverse-n2', 48],
    ['max', 52],
  ])(
    'is dropped without a word on %s (%d address bits) exactly where the plan refuses it',
    async (cpu, addressBits) => {
      const largest = 1n << BigInt(addressBits - 1);
      const space = { addressBits, memoryBytes: 256n * MIB };
      expect(planMmioWindow([[largest / 2n]], space)).toBe(largest);
      expect(await isThere(windowOf(cpu, largest))).toBe(true);
      expect(() => planMmioWindow([[largest]], space)).toThrow(expect.objectContaining({ code: 'mmio.pa-bits' }));
      expect(await isThere(windowOf(cpu, 2n * largest))).toBe(false);
    },
  );

  test('moves up with maxmem, and may fall off the end for it', async () => {
    expect(await isThere(windowOf('cortex-a57', 8n * TIB))).toBe(true);
    expect(await isThere(windowOf('cortex-a57', 8n * TIB, '256M,slots=2,maxmem=9T'))).toBe(false);
  });
});

describe('a comma in a path', () => {
  test('ends the value, unless it is doubled as the product does', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'com,ma-'));
    try {
      const filename = join(directory, 'disk,1.img');
      await writeFile(filename, Buffer.alloc(512));
      const image = (value: string) => ['-blockdev', `node-name=disk0,driver=file,filename=${value}`];
      await expect(askMachine(qemu, [...virtMachine(), ...image('/tmp/com,ma')], [])).rejects.toMatchObject({
        status: 1,
        stderr:
          "qemu-system-aarch64: -blockdev node-name=disk0,driver=file,filename=/tmp/com,ma: Expected '=' after parameter 'ma'\n",
      });
      const escaped = option('-blockdev', [
        ['node-name', 'disk0'],
        ['driver', 'file'],
        ['filename', filename],
      ]);
      const question = { execute: 'query-named-block-nodes', arguments: { flat: true } };
      const [nodes] = await askMachine(qemu, [...virtMachine(), ...escaped], [question]);
      expect(nodes).toMatchObject([{ 'node-name': 'disk0', file: filename }]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
