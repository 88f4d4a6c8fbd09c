import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canRunLibvirt, emulated, type LibvirtHost, startLibvirt } from '../../libvirt/kit/libvirt-host.ts';
import { CASES, SUITES } from './case.ts';

const HERE = import.meta.dirname;
/** Arguments that say what a GPU needs; the rest is libvirt's, and another with each of its versions. */
const OWNED_DEVICES = /"driver":"(?:pxb-pcie|pcie-root-port|vfio-pci|arm-smmuv3|virtio-net-pci|virtio-rng-pci)"/;
const OWNED_OBJECTS = /acpi-generic-initiator|memory-backend|iommufd|thread-context/;
const OWNED_MACHINE = /^(?:gic-version|ras|acpi|highmem-mmio-size)=/;

/** A guest that needs of its host what only a Grace host has, as far as libvirt looks for it at once. */
function onThisMachine(xml: string): string {
  return emulated(xml)
    .replace(/nodeset='(?:0[-,]1|1)'(?=\/>\n *<(?:memnode|\/numatune))/g, "nodeset='0'")
    .replace(/\n *<hugepages>.*?<\/hugepages>/s, '')
    .replace(/\n *<cputune>.*?<\/cputune>/s, '')
    .replace(/\n *<(?:loader secure|feature enabled='yes').*/g, '');
}

/** One argument with its value a line, without what changes from one host or libvirt to the next. */
function ownedArguments(argv: readonly string[]): string {
  const lines = argv.flatMap((flag, i) => {
    const value = argv[i + 1] ?? '';
    if (flag === '-machine') return value.split(',').filter((part) => OWNED_MACHINE.test(part));
    const isOwned =
      ['-numa', '-smp', '-cpu', '-m'].includes(flag) ||
      (flag === '-device' && OWNED_DEVICES.test(value)) ||
      (flag === '-object' && OWNED_OBJECTS.test(value));
    // libvirtd counts the initiators of all domains that it was asked about.
    return isOwned ? [`${flag} ${value.replace(/"id":"gi\d+",/, '')}`] : [];
  });
  return `${lines.join('\n')}\n`;
}

describe.runIf(canRunLibvirt()).each(['native', 'fallback'] as const)('in the %s profile', (profile) => {
  let libvirt: LibvirtHost;

  beforeAll(async () => {
    libvirt = await startLibvirt(SUITES[profile]);
  }, 600_000);

  afterAll(() => libvirt.stop());

  test.each(CASES)('%s is valid, and gives QEMU the arguments that are beside it', async (name) => {
    const xml = readFileSync(join(HERE, name, `${profile}.xml`), 'utf8');
    expect(await libvirt.validate(xml)).toEqual([]);
    const argv = ownedArguments(await libvirt.domxmlToNative(onThisMachine(xml)));
    const path = join(HERE, name, `${profile}.argv`);
    if (process.env.UPDATE_GOLDEN) writeFileSync(path, argv);
    expect(argv).toBe(existsSync(path) ? readFileSync(path, 'utf8') : null);
  });
});
