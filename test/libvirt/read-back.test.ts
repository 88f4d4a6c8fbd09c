import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { droppedBy } from '../../src/libvirt/read-back.ts';

const RECORDED = join(import.meta.dirname, '../fixtures/read-back');
const recorded = (name: string) => readFileSync(join(RECORDED, `${name}.xml`), 'utf8');

describe('what libvirt did not keep of a domain, as recorded', () => {
  test.each([
    ['native', '12.8'],
    ['native-no-window', '12.8'],
    ['fallback', '12.8'],
    ['fallback', '11.3'],
  ])('%s, libvirt %s: nothing', (name, version) => {
    expect(droppedBy(recorded(`${name}.given`), recorded(`${name}.kept-${version}`))).toEqual([]);
  });

  test('native, libvirt 11.3: what ties the nodes to the GPU, iommufd, and the accelerated SMMU', () => {
    const lost = droppedBy(recorded('native-no-window.given'), recorded('native-no-window.kept-11.3'));
    expect(lost).toEqual([
      'domain/devices/hostdev/driver',
      'domain/devices/hostdev/acpi',
      'domain/devices/iommu/driver',
    ]);
  });
});

describe('droppedBy', () => {
  const inDevices = (devices: string) => `<domain><devices>${devices}</devices></domain>`;

  test('names the one of several that lost something, wherever libvirt put it', () => {
    const gpu = (slot: number, more = '') => `<hostdev><address slot='${slot}'/>${more}</hostdev>`;
    const given = inDevices(`${gpu(1, "<acpi nodeset='1'/>")}<disk/>${gpu(2, "<acpi nodeset='2'/>")}`);
    const kept = inDevices(`${gpu(2)}${gpu(1, "<acpi nodeset='1'/>")}<disk/>`);
    expect(droppedBy(given, kept)).toEqual(['domain/devices/hostdev[2]/acpi']);
  });

  test('names an attribute that is gone, and one that has another value', () => {
    const given = inDevices("<hostdev managed='no' type='pci'/>");
    expect(droppedBy(given, inDevices("<hostdev managed='yes'/>"))).toEqual([
      'domain/devices/hostdev@managed',
      'domain/devices/hostdev@type',
    ]);
  });

  test('names a text that is another one', () => {
    expect(droppedBy('<domain><vcpu>4</vcpu></domain>', '<domain><vcpu>8</vcpu></domain>')).toEqual(['domain/vcpu']);
  });

  test('names one of two that are alike, where one was kept', () => {
    expect(droppedBy(inDevices('<disk/><disk/>'), inDevices('<disk/>'))).toEqual(['domain/devices/disk[2]']);
  });

  test.each([
    ["<memory unit='GiB'>1</memory>", "<memory unit='KiB'>1048576</memory>"],
    ['<memory>1025</memory>', "<memory unit='KiB'>1025</memory>"],
    ["<memory unit='b'>1048577</memory>", "<memory unit='KiB'>1025</memory>"],
    ["<cell memory='1' unit='GiB'/>", "<cell memory='1048576' unit='KiB'/>"],
    ["<address bus='0x0a' slot='3'/>", "<address domain='0' bus='10' slot='0x03'/>"],
    ["<memory nodeset='1-4,^2,7'/>", "<memory nodeset='1,3-4,7'/>"],
    ["<type machine='virt'/>", "<type machine='virt-11.1'/>"],
    ["<mac address='52:54:00:AB:CD:EF'/>", "<mac address='52:54:00:ab:cd:ef'/>"],
    ['<a><!-- why --><b/></a>', '<a><b/><c/></a>'],
    ["<q:x xmlns:q='urn:a'/>", "<y:x xmlns:y='urn:a'/>"],
  ])('finds %s again in %s', (given, kept) => {
    expect(droppedBy(`<d>${given}</d>`, `<d>${kept}</d>`)).toEqual([]);
  });

  test.each([
    ["<memory unit='GiB'>1</memory>", "<memory unit='KiB'>1048577</memory>", 'd/memory'],
    ["<cell memory='1' unit='GiB'/>", "<cell memory='1' unit='KiB'/>", 'd/cell@memory'],
    ["<memory nodeset='1-4'/>", "<memory nodeset='1-3'/>", 'd/memory@nodeset'],
    ["<memory nodeset='0-99999999'/>", "<memory nodeset='0-99999998'/>", 'd/memory@nodeset'],
    ["<type machine='virt'/>", "<type machine='q35'/>", 'd/type@machine'],
    ["<q:x xmlns:q='urn:a'/>", "<q:x xmlns:q='urn:b'/>", 'd/q:x'],
  ])('tells %s from %s', (given, kept, path) => {
    expect(droppedBy(`<d>${given}</d>`, `<d>${kept}</d>`)).toEqual([path]);
  });

  test('refuses what is no XML', () => {
    expect(() => droppedBy('<domain/>', 'error: no')).toThrow(expect.objectContaining({ code: 'xml.invalid' }));
  });
});
