import { gzipSync } from 'node:zlib';
import { GhpassError } from '../../src/errors.ts';
import { findGuestReport } from '../../src/guest/proof/guest-facts.ts';
import { writeSrat } from '../../src/host/builtin/srat-writer.ts';
import { allowing, type FuzzTarget } from '../target.ts';

/**
 * What a guest wrote to its console. An input that starts as a JSON object is the report of the guest, which is packed and
 * put on the console; every other is the console.
 */
export const target: FuzzTarget = {
  name: 'guest-report',
  sources: [
    'guest/proof/guest-facts.ts',
    'host/pci/pci.ts',
    'host/numa/numa.ts',
    'host/memory-files.ts',
    'host/acpi/srat.ts',
    'host/kernel/nvidia-driver.ts',
  ],
  form: 'json',
  maxBytes: 8192,
  words: ['ghpass-report: ', '/sys/devices/system/node/', '/sys/bus/pci/devices/', '0-999999'],
  seeds: () =>
    [JSON.stringify(REPORT), consoleLine(JSON.stringify({ texts: {}, binaries: {} }))].map((text) => Buffer.from(text)),
  run(input) {
    const text = Buffer.from(input).toString();
    const console = text.startsWith('{') ? consoleLine(text) : text;
    allowing(GhpassError, () => findGuestReport(console));
  },
};

function consoleLine(report: string): string {
  const gzip = gzipSync(report, { level: 1 }).toString('base64');
  return `ghpass-report: ${JSON.stringify({ schema: 1, gzip })}\n`;
}

const DEVICE = '/sys/bus/pci/devices/0000:41:00.0';
const NODES = '/sys/devices/system/node';

/** A guest with one GPU and two nodes, in short. */
const REPORT = {
  texts: {
    [`${NODES}/possible`]: '0-1\n',
    [`${NODES}/online`]: '0-1\n',
    [`${NODES}/has_generic_initiator`]: '1\n',
    [`${NODES}/node0/cpulist`]: '0-1\n',
    [`${NODES}/node0/distance`]: '10 80\n',
    [`${NODES}/node0/meminfo`]: 'Node 0 MemTotal: 2048 kB\nNode 0 MemFree: 1024 kB\n',
    [`${DEVICE}/vendor`]: '0x10de\n',
    [`${DEVICE}/device`]: '0x2342\n',
    [`${DEVICE}/numa_node`]: '0\n',
    [`${DEVICE}/resource`]: '0x0000008000000000 0x0000009fffffffff 0x000000000014220c\n',
  },
  binaries: {
    '/sys/firmware/acpi/tables/SRAT': Buffer.from(
      writeSrat({ processors: [0], memory: [], genericInitiators: [{ proximityDomain: 1, segment: 0, bus: 0x41 }] }),
    ).toString('hex'),
  },
};
