// How the time of a probe grows with the host: 4,096 PCI functions and 32 GPUs beside a single GPU, whole processes that take
// turns in one run. Both hosts are snapshots, as `ghpass snapshot` writes them into a directory.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COLLECTORS } from '../src/checks/collectors.ts';
import { boardHost } from '../src/host/builtin/board.ts';
import { synthesize } from '../src/host/builtin/synthesize.ts';
import { type FileTree, memoryFiles } from '../src/host/memory-files.ts';
import { captureHost } from '../src/host/snapshot/capture.ts';
import { capturedHost } from '../src/host/snapshot/captured.ts';
import { writeSnapshot } from '../src/host/snapshot/write.ts';

const GHPASS = join(import.meta.dirname, '../bin/run.js');
const GIB = 1n << 30n;
const BLACKWELL = {
  device: 0x2941,
  subsystemDevice: 0x2046,
  memoryBytes: 185n * GIB,
  bar0Bytes: 64n << 20n,
  migWorksWithCachedMemory: true,
};
const DEVICES = '/sys/bus/pci/devices';

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/** A host with so many GPUs, each in a PCI domain of its own, and so many functions in all; links as in sysfs. */
function hostWith(gpus: number, functions: number): FileTree {
  const addresses = Array.from({ length: gpus }, (_, i) => `${hex(i, 4)}:01:00.0`);
  const { files, links } = synthesize(boardHost(BLACKWELL, addresses, Math.min(gpus, 8)));
  const others = Array.from({ length: functions - gpus }, (_, i) => {
    return `${hex(i >> 8, 4)}:${hex(0x20 + ((i >> 3) & 0x1f), 2)}:00.${i & 7}`;
  });
  const real = (path: string) =>
    path.replace(/^\/sys\/bus\/pci\/devices\/((....):[^/]+)/, '/sys/devices/pci$2:00/$2:00:00.0/$1');
  const move = <T>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).map(([path, value]) => [real(path), value]));
  const ofOthers = others.flatMap((address) => [
    [`${DEVICES}/${address}/vendor`, '0x15b3\n'],
    [`${DEVICES}/${address}/device`, '0x1021\n'],
    [`${DEVICES}/${address}/class`, '0x020000\n'],
  ]);
  const ofDrivers = others.map((address) => [`${DEVICES}/${address}/driver`, '../../../../bus/pci/drivers/mlx5_core']);
  const list = [
    ...addresses.map((address) => listed(address, '10de2941')),
    ...others.map((address) => listed(address, '15b31021')),
  ];
  return {
    files: move({ ...files, ...Object.fromEntries(ofOthers), '/proc/bus/pci/devices': list.join('') }),
    links: {
      ...move({ ...links, ...Object.fromEntries(ofDrivers) }),
      ...Object.fromEntries(
        [...addresses, ...others].map((address) => [
          `${DEVICES}/${address}`,
          `../../../${real(`${DEVICES}/${address}`).slice('/sys/'.length)}`,
        ]),
      ),
    },
  };
}

/** A line of /proc/bus/pci/devices, as far as it is of interest. */
function listed(address: string, ids: string): string {
  const [, bus = '', rest = ''] = address.split(':');
  return `${bus}${hex((Number.parseInt(rest, 16) << 3) | Number(rest.at(-1)), 2)}\t${ids}\t0\n`;
}

async function writeHost(tree: FileTree, directory: string): Promise<string> {
  const { tree: captured } = await captureHost(capturedHost('builtin', 'bench', memoryFiles(tree)), COLLECTORS, {
    open: true,
    full: false,
    synthetic: 'made for a benchmark',
    hostName: null,
    version: '0.0.0',
    now: new Date(0),
  });
  await writeSnapshot(captured, directory);
  return directory;
}

function timeOf(source: string): number {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, [GHPASS, 'probe', '--json', '--host', source], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`ghpass probe --host ${source} ended with status ${status}: ${stderr}`);
  return milliseconds;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '15' } } });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: not a number of runs`);
  const scratch = mkdtempSync(join(tmpdir(), 'ghpass-bench-'));
  try {
    const hosts = {
      '1 GPU, 1 function': await writeHost(hostWith(1, 1), join(scratch, 'small')),
      '32 GPUs, 4096 functions': await writeHost(hostWith(32, 4096), join(scratch, 'large')),
    };
    const times = Object.entries(hosts).map(([name, source]) => ({ name, source, list: [] as number[] }));
    for (let run = 0; run < runs; run += 1) for (const { source, list } of times) list.push(timeOf(source));
    const figures = times.map(({ name, list }) => ({ name, median: median(list), best: Math.min(...list) }));
    const [small] = figures;
    for (const { name, median: middle, best } of figures) {
      const ratio = small ? `${(middle / small.median).toFixed(2)}  ${(best / small.best).toFixed(2)}` : '';
      process.stdout.write(
        `${name.padEnd(24)} ${middle.toFixed(1).padStart(7)} ms  ${best.toFixed(1).padStart(7)} ms  ${ratio}\n`,
      );
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? 0) + (sorted[(sorted.length - 1) >> 1] ?? 0)) / 2;
}

await main();
