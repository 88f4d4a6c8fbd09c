import { expect, test } from 'vitest';
import { serialNumbers } from '../../../../src/host/snapshot/leave-out/serial-numbers.ts';
import { NAMES } from './fixture.ts';

const CONFIG = '/sys/devices/pci0009:00/0009:01:00.0/config';
const SERIAL = Buffer.from('1122334455667788', 'hex');

function after(config: Uint8Array, path = CONFIG): Buffer {
  const { files } = serialNumbers.apply({ files: { [path]: config }, links: {} }, NAMES);
  return Buffer.from(files[path] as Uint8Array);
}

/** Configuration space with VPD at 0x50, AER at 0x100 and the serial number at 0x148. */
function configSpace(): Buffer {
  const config = Buffer.alloc(4096, 0xa5);
  config.writeUInt16LE(0x10, 0x06);
  config[0x34] = 0x40;
  config.set([0x01, 0x50], 0x40);
  config.set([0x03, 0x00, 0x34, 0x12, ...SERIAL.subarray(0, 4)], 0x50);
  config.writeUInt32LE(0x1481_0001, 0x100);
  config.writeUInt32LE(0x0001_0003, 0x148);
  config.set(SERIAL, 0x14c);
  return config;
}

test('the serial number and what was read of the VPD are zero, and nothing else changes', () => {
  const config = configSpace();
  const expected = Buffer.from(config).fill(0, 0x14c, 0x154).fill(0, 0x54, 0x58);
  expect(after(config).equals(expected)).toBe(true);
  expect(config.equals(configSpace())).toBe(true);
});

test('what an unprivileged reader gets stays as it is', () => {
  const config = configSpace().subarray(0, 64);
  expect(after(config).equals(config)).toBe(true);
});

test.each([
  ['a list in a circle', (config: Buffer) => config.writeUInt32LE(0x1001_0001, 0x100)],
  ['a list that leaves the space', (config: Buffer) => config.writeUInt32LE(0xfff1_0001, 0x100)],
  ['conventional capabilities in a circle', (config: Buffer) => config.set([0x01, 0x40], 0x40)],
  ['a serial number at the very end', (config: Buffer) => config.writeUInt32LE(0xffc1_0001, 0x100)],
  ['a device that is gone', (config: Buffer) => config.fill(0xff)],
])('%s is no trouble', (_what, change) => {
  const config = configSpace();
  change(config);
  expect(after(config)).toHaveLength(4096);
});

test('other files are none of its business', () => {
  expect(after(configSpace(), '/sys/firmware/acpi/tables/DSDT').equals(configSpace())).toBe(true);
});
