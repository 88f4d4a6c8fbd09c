import { expect, test } from 'vitest';
import { readPassedThrough } from '../../src/libvirt/passed-through.ts';
import { parseXml } from '../../src/libvirt/xml.ts';

const QEMU = "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'";
const read = (inner: string) => readPassedThrough(parseXml(`<domain ${QEMU}>${inner}</domain>`).root);
const source = (bus: string) => `<source><address domain='9' bus='${bus}' slot='0x00' function='0x0'/></source>`;

test('each device of the host is told by its place, its alias and its address in the guest', () => {
  const devices = [
    `<hostdev mode='subsystem' type='pci'>${source('0x01')}</hostdev>`,
    "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/></source></hostdev>",
    `<hostdev type='pci'>${source('0x02')}<alias name='ua-own'/><address type='pci' bus='0x05' slot='0x1'/></hostdev>`,
  ];
  expect(read(`<devices>${devices.join('')}</devices>`)).toEqual([
    { address: '0009:01:00.0', by: 'devices/hostdev[1]' },
    { address: '0009:02:00.0', by: 'devices/hostdev[3], alias ua-own, at 0000:05:01.0 in the guest' },
  ]);
  expect(read(`<devices>${devices[0]}</devices>`)).toEqual([{ address: '0009:01:00.0', by: 'devices/hostdev' }]);
});

test.each([
  ['vfio-pci,host=0009:01:00.0,id=gpu', '0009:01:00.0'],
  ['vfio-pci-nohotplug,bus=pci.1,host=09:00.1', '0000:09:00.1'],
  ['{"driver":"vfio-pci","host":"0009:0A:00.0"}', '0009:0a:00.0'],
])('QEMU is given one past libvirt: -device %s', (value, address) => {
  const args = ['-device', value].map((word) => `<qemu:arg value='${word}'/>`).join('');
  const by = `qemu:commandline, -device ${value}`;
  expect(read(`<qemu:commandline>${args}</qemu:commandline>`)).toEqual([{ address, by }]);
});

test('other arguments are nothing of that', () => {
  const words = [
    '-device',
    'virtio-rng-pci',
    '-set',
    'device.vfio-pci.host=0009:01:00.0',
    '-name',
    'vfio-pci,host=01:00.0',
  ];
  const args = words.map((word) => `<qemu:arg value='${word}'/>`).join('');
  expect(read(`<qemu:commandline>${args}</qemu:commandline>`)).toEqual([]);
  expect(read('')).toEqual([]);
});
