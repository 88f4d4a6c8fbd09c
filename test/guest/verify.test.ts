import { expect, test } from 'vitest';
import { differenceFindings } from '../../src/guest/proof/differences.ts';
import { type Comparison, compareGuest } from '../../src/guest/proof/verify.ts';
import { planFor } from './plan-for.ts';
import { type Recording, type Report, recordedGuest } from './recorded.ts';

const GPU = '0009:01:00.0';
const PCI = '/sys/bus/pci/devices';
const NODES = '/sys/devices/system/node';
const SRAT = '/sys/firmware/acpi/tables/SRAT';

const show = ({ gpu, what, planned, seen }: Comparison) => [gpu, what, planned, seen];

test('a guest that is as planned, line by line', async () => {
  const comparisons = compareGuest(await planFor(1), recordedGuest('one-gpu'));
  const slit = "those of the host's SLIT, 9×9";
  const domains = '8: proximity domains 1-8';
  expect(comparisons.map(show)).toEqual([
    [null, 'proximity domains in the SRAT', '0-8', '0-8'],
    [null, 'nodes that the kernel made room for', '9', '9'],
    [null, 'memory of proximity domain 0', '1 GiB', '1 GiB'],
    [null, 'vCPUs of proximity domain 0', '0-1', '0-1'],
    [null, 'distances between the nodes that are there', slit, slit],
    [GPU, 'PCI function, alone in slot 0 behind its root port', '0000:41:00.0 1af4:1044', '0000:41:00.0 1af4:1044'],
    [GPU, 'generic initiators in the SRAT that name 0000:41:00.0', domains, domains],
    [GPU, "other devices on the GPU's nodes", 'none', 'none'],
    [GPU, 'proximity domains with a node that has a generic initiator', '1-8', '1-8'],
    [GPU, "the GPU's nodes that have memory or CPUs", 'none', 'none'],
    [GPU, 'BAR4', '16 KiB', '16 KiB'],
    [GPU, 'node of the PCI function', '0', '0'],
  ]);
  expect(comparisons.every(({ equal }) => equal)).toBe(true);
});

test('two GPUs and a kernel of 16 nodes: the domain that the table names last has no node', async () => {
  const comparisons = compareGuest(await planFor(2), recordedGuest('two-gpus-16-nodes'));
  expect(comparisons.filter(({ equal }) => !equal).map(show)).toEqual([
    [null, 'nodes that the kernel made room for', '17', '16'],
    [
      GPU,
      'proximity domains with a node that has a generic initiator',
      '1-8',
      '1-2,4-8; no node for proximity domain 3',
    ],
  ]);
});

/** A file of the guest's sysfs with other content. */
const set = (path: string, text: string) => (report: Report) => {
  expect(report.texts).toHaveProperty([path]);
  report.texts[path] = text;
};

/** A line of `resource`, by the index of the BAR. */
const setBar = (index: number, line: string) => (report: Report) => {
  const path = `${PCI}/0000:41:00.0/resource`;
  const lines = report.texts[path]?.split('\n') ?? [];
  lines[index] = line;
  report.texts[path] = lines.join('\n');
};

/** Where entries of a type have their proximity domain (ACPI 6.5, 5.2.16). */
const DOMAIN_AT = { memory: [1, 2], processor: [3, 2], initiator: [5, 4] } as const;

/** Rewrites the entries of one type in a proximity domain. */
const setEntries =
  (kind: keyof typeof DOMAIN_AT, domain: number, change: (entry: Buffer) => void) => (report: Report) => {
    const [type, domainAt] = DOMAIN_AT[kind];
    const table = Buffer.from(report.binaries[SRAT] ?? '', 'hex');
    for (let at = 48; at < table.length; at += table.readUInt8(at + 1)) {
      const entry = table.subarray(at, at + table.readUInt8(at + 1));
      if (entry[0] === type && entry.readUInt32LE(domainAt) === domain) change(entry);
    }
    report.binaries[SRAT] = table.toString('hex');
  };

const DISABLE = (entry: Buffer) => entry.writeUInt32LE(0, 24);
const MOVE_TO_PORT = (entry: Buffer) => entry.writeUInt8(0x40, 10);

function moveFunction(from: string, to: string) {
  return ({ texts }: Report) => {
    for (const [path, text] of Object.entries(texts).filter(([name]) => name.startsWith(`${PCI}/${from}/`))) {
      texts[path.replace(from, to)] = text;
      delete texts[path];
    }
  };
}

type Difference = [id: string, subject: string, message: string];
const initiators = (seen: string): Difference => [
  'guest.gi-missing',
  GPU,
  `in the guest, generic initiators in the SRAT that name 0000:41:00.0: ${seen}; planned: 8: proximity domains 1-8`,
];
const nodes = (seen: string): Difference => [
  'guest.gi-missing',
  GPU,
  `in the guest, proximity domains with a node that has a generic initiator: ${seen}; planned: 1-8`,
];
const alone = (seen: string): Difference => [
  'topology.root-port',
  GPU,
  `in the guest, PCI function, alone in slot 0 behind its root port: ${seen}; planned: 0000:41:00.0 1af4:1044`,
];
const distances = (seen: string, size = '9×9'): Difference => [
  'guest.distances',
  'smoke',
  `in the guest, distances between the nodes that are there: ${seen}; planned: those of the host's SLIT, ${size}`,
];
const node = (seen: string, planned = '0'): Difference => [
  'guest.numa-node',
  GPU,
  `in the guest, node of the PCI function: ${seen}; planned: ${planned}`,
];
const bar4 = (seen: string): Difference => ['guest.bar4', GPU, `in the guest, BAR4: ${seen}; planned: 16 KiB`];
const memory = (seen: string): Difference => [
  'guest.node-memory',
  'smoke',
  `in the guest, memory of proximity domain 0: ${seen}; planned: 1 GiB`,
];
const domains = (seen: string): Difference => [
  'kernel.nodes-shift',
  'smoke',
  `in the guest, proximity domains in the SRAT: ${seen}; planned: 0-8`,
];

/** In the recorded guest nodes 2, 4 and 8 belong to the proximity domains 5, 3 and 7. */
const DIFFERENCES: Record<string, [change: (report: Report) => void, differences: Difference[]]> = {
  'BAR that found no room': [
    setBar(4, '0x0000000000000000 0x0000000000003fff 0x000000002014220c'),
    [bar4('16 KiB, not placed')],
  ],
  'BAR of another size': [setBar(4, '0x0000010000000000 0x0000010000007fff 0x000000000014220c'), [bar4('32 KiB')]],
  'BAR that is not there': [setBar(4, '0x0000000000000000 0x0000000000000000 0x0000000000000000'), [bar4('not there')]],
  'memory of another size': [
    setEntries('memory', 0, (entry) => entry.writeBigUInt64LE(1n << 29n, 16)),
    [memory('512 MiB')],
  ],
  'a window for modules instead of memory': [
    setEntries('memory', 0, (entry) => entry.writeUInt32LE(3, 28)),
    [memory('0 B')],
  ],
  'memory that is kept without power': [
    setEntries('memory', 0, (entry) => entry.writeUInt32LE(5, 28)),
    [memory('0 B')],
  ],
  'vCPU that the table disables': [
    setEntries('processor', 0, (entry) => entry.readUInt32LE(6) === 1 && entry.writeUInt32LE(0, 10)),
    [['guest.node-cpus', 'smoke', 'in the guest, vCPUs of proximity domain 0: 0; planned: 0-1']],
  ],
  'generic initiator that the table disables': [
    setEntries('initiator', 3, DISABLE),
    [domains('0-2,4-8'), initiators('7: proximity domains 1-2,4-8'), nodes('1-2,4-8; no node for proximity domain 3')],
  ],
  'generic initiator that the kernel does not know of': [
    set(`${NODES}/has_generic_initiator`, '1-7\n'),
    [nodes('1-6,8; no node for proximity domain 7')],
  ],
  "another device on one of the GPU's nodes": [
    setEntries('initiator', 5, MOVE_TO_PORT),
    [
      initiators('7: proximity domains 1-4,6-8'),
      ['gi.shared-node', GPU, "in the guest, other devices on the GPU's nodes: 0000:40:00.0 in 5; planned: none"],
    ],
  ],
  "memory on one of the GPU's nodes": [
    set(`${NODES}/node2/meminfo`, 'Node 2 MemTotal: 4096 kB\n'),
    [
      [
        'gi.shared-node',
        GPU,
        "in the guest, the GPU's nodes that have memory or CPUs: 5 (memory belongs in 0); planned: none",
      ],
    ],
  ],
  "CPU on one of the GPU's nodes": [
    set(`${NODES}/node2/cpulist`, '1\n'),
    [
      [
        'gi.shared-node',
        GPU,
        "in the guest, the GPU's nodes that have memory or CPUs: 5 (memory belongs in 0); planned: none",
      ],
    ],
  ],
  'GPU in another slot': [
    moveFunction('0000:41:00.0', '0000:41:01.0'),
    [alone('0000:41:01.0 1af4:1044'), bar4('not there'), node('none')],
  ],
  'GPU on another bus': [
    moveFunction('0000:41:00.0', '0000:01:00.0'),
    [alone('not there'), bar4('not there'), node('none')],
  ],
  'second function beside the GPU': [
    moveFunction('0000:00:01.0', '0000:41:02.0'),
    [alone('0000:41:00.0 1af4:1044, 0000:41:02.0 1b36:000b')],
  ],
  'GPU without a node': [set(`${PCI}/0000:41:00.0/numa_node`, '-1\n'), [node('none')]],
  'distance that is another': [
    set(`${NODES}/node0/distance`, '10 80 80 80 20 80 80 80 80\n'),
    [distances('0→3 is 20')],
  ],
  'distances of a kernel that dropped the SLIT': [
    set(`${NODES}/node0/distance`, '10 20 20 20 20 20 20 20 20\n'),
    [distances('0→1 is 20, 0→2 is 20, 0→3 is 20, 0→4 is 20, and 4 more')],
  ],
  'no SRAT': [
    ({ binaries }) => {
      delete binaries[SRAT];
    },
    [
      domains('none'),
      distances('no nodes', '0×0'),
      initiators('0: proximity domains none'),
      nodes('none; no node for proximity domain 1-8'),
      node('0', 'not there'),
    ],
  ],
};

test.each(Object.entries(DIFFERENCES))('%s', async (_what, [change, differences]) => {
  const comparisons = compareGuest(await planFor(1), recordedGuest('one-gpu', change));
  const findings = differenceFindings(comparisons, 'smoke');
  expect(findings.map(({ id, subject, message }) => [id, subject, message])).toEqual(differences);
  expect(findings.every(({ severity }) => severity === 'fail')).toBe(true);
});

test.each<Recording>(['one-gpu', 'two-gpus-16-nodes'])('nodes are matched by domain, not by number: %s', (name) => {
  const domainsInOrder =
    recordedGuest(name).srat?.genericInitiators.map(({ proximityDomain }) => proximityDomain) ?? [];
  expect(domainsInOrder).not.toEqual([...domainsInOrder].sort((a, b) => a - b));
});
