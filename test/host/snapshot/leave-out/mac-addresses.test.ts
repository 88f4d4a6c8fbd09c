import { expect, test } from 'vitest';
import { macAddresses } from '../../../../src/host/snapshot/leave-out/mac-addresses.ts';
import { textAfter } from './fixture.ts';

const after = (text: string) => textAfter(macAddresses, '/proc/1234/cgroup', text);

test.each([
  ['52:54:00:AB:cd:ef', '00:00:00:00:00:00'],
  ['eth0 52:54:00:12:34:56 up\n', 'eth0 00:00:00:00:00:00 up\n'],
  ['BOOTIF=01-52-54-00-12-34-56 quiet', 'BOOTIF=00-00-00-00-00-00 quiet'],
  ['52-54-00-12-34-56', '00-00-00-00-00-00'],
  ['52:54:00:12:34:56,52:54:00:12:34:57', '00:00:00:00:00:00,00:00:00:00:00:00'],
])('%j becomes %j', (text, expected) => {
  expect(after(text)).toBe(expected);
});

test.each([
  '0009:01:00.0',
  '00000009:01:00.0',
  '0:0:0:0:0:0',
  '12:34:56:78:9a',
  'aa:bb:cc:dd:ee:ff:00:11',
  '52:54-00:12-34:56',
  '2026-11-21 10:11:12',
])('%j is none', (text) => {
  expect(after(text)).toBe(text);
});
