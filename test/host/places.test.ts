import { expect, test } from 'vitest';
import { collectHost } from '../../src/host/facts.ts';
import type { HostFiles } from '../../src/host/files.ts';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { readPlaces } from '../../src/host/numa/places.ts';
import { readSockets } from '../../src/host/numa/sockets.ts';
import { readRootPort } from '../../src/host/pci/root-port.ts';
import { capturedHost } from '../../src/host/snapshot/captured.ts';
import { recordingFiles } from '../../src/host/snapshot/recording-files.ts';

const GPU = '0009:01:00.0';
const PLACE = '/sys/devices/pci0009:00/0009:00:00.0/0009:01:00.0';
const DEVICE = '/sys/bus/pci/devices/0009:01:00.0';

function board(links: Record<string, string>, files: Record<string, string> = {}): HostFiles {
  return memoryFiles({ files, links });
}

test('a GPU is behind the port that its place in sysfs has before it', () => {
  const behindPort = board({ [DEVICE]: '../../../devices/pci0009:00/0009:00:00.0/0009:01:00.0' });
  expect(readRootPort(behindPort, GPU)).toBe('0009:00:00.0');
  const onRootBus = board({ [DEVICE]: '../../../devices/pci0009:00/0009:01:00.0' });
  expect(readRootPort(onRootBus, GPU)).toBeNull();
  expect(readRootPort(board({}), GPU)).toBeNull();
});

test('behind switches it is the port of the root complex, which comes first', () => {
  const target = '../../../devices/pci0009:00/0009:00:00.0/0009:01:00.0/0009:02:03.0/0009:05:00.0';
  expect(readRootPort(board({ '/sys/bus/pci/devices/0009:05:00.0': target }), '0009:05:00.0')).toBe('0009:00:00.0');
});

test('the first CPU of a node says in which socket the node is, and -1 says nothing', () => {
  const socket = (cpu: number) => `/sys/devices/system/cpu/cpu${cpu}/topology/physical_package_id`;
  const files = board({}, { [socket(0)]: '0\n', [socket(72)]: '1\n', [socket(144)]: '-1\n' });
  const node = (id: number, cpus: number[]) => ({ id, cpus, memoryBytes: null, freeBytes: null, distances: [] });
  const numa = {
    possible: [],
    withGenericInitiator: [],
    nodes: [node(0, [0, 1]), node(1, [72]), node(2, [144]), node(3, [])],
  };
  expect([...readSockets(files, numa)]).toEqual([
    [0, 0],
    [1, 1],
  ]);
  expect(readSockets(files, null).size).toBe(0);
});

test('a snapshot keeps the places', () => {
  const texts = {
    vendor: '0x10de',
    device: '0x2342',
    class: '0x030200',
    modalias: 'pci:v000010DEd00002342sv000010DEsd000016EBbc03sc02i00',
  };
  const files = board(
    { [DEVICE]: '../../../devices/pci0009:00/0009:00:00.0/0009:01:00.0' },
    {
      ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${PLACE}/${name}`, `${text}\n`])),
      '/sys/devices/system/node/online': '0\n',
      '/sys/devices/system/node/node0/cpulist': '0-71\n',
      '/sys/devices/system/cpu/cpu0/topology/physical_package_id': '0\n',
    },
  );
  const recording = recordingFiles(files);
  const placesOf = (of: HostFiles) => {
    const host = capturedHost('snapshot', 'made-up', of);
    return readPlaces(host, collectHost(host));
  };
  const seen = placesOf(recording.files);
  expect([...seen.rootPorts]).toEqual([[GPU, '0009:00:00.0']]);
  expect([...seen.sockets]).toEqual([[0, 0]]);
  expect(placesOf(memoryFiles(recording.recorded()))).toEqual(seen);
});
