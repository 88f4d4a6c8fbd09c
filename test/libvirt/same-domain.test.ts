import { expect, test } from 'vitest';
import { isSameDomain } from '../../src/libvirt/same-domain.ts';

const controller = (inner: string) =>
  `<domain><devices><controller type='pci' index='1' model='pcie-root-port'>${inner}</controller></devices></domain>`;
const hostdev = (inner: string) => `<domain><devices><hostdev>${inner}</hostdev></devices></domain>`;

test.each<[string, string, string]>([
  [
    'its own spelling',
    "<domain><cpu><numa><cell id='0' memory='1' unit='GiB'/></numa></cpu></domain>",
    "<domain><cpu><numa><cell id='0' memory='1048576' unit='KiB'/></numa></cpu></domain>",
  ],
  ['another order', '<domain><a/><b/></domain>', '<domain><b/><a/></domain>'],
  [
    'what it filled in of a controller',
    controller(''),
    controller("<model name='x'/><target chassis='1' port='0x8'/><address type='pci'/>"),
  ],
])('the same: %s', (_what, planned, kept) => {
  expect(isSameDomain(kept, planned)).toBe(true);
});

test.each<[string, string, string]>([
  ['one thing more is planned', hostdev("<rom bar='off'/>"), hostdev('')],
  ['one thing less is planned', hostdev(''), hostdev("<driver iommufd='yes'/>")],
  ['a value differs', hostdev("<acpi nodeset='1-8'/>"), hostdev("<acpi nodeset='1-4'/>")],
  [
    'a controller is elsewhere',
    controller("<address type='pci' bus='1'/>"),
    controller("<address type='pci' bus='2'/>"),
  ],
])('another one: %s', (_what, planned, kept) => {
  expect(isSameDomain(kept, planned)).toBe(false);
});
