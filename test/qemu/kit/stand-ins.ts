/** Options of a rendered command line that need files, sockets, KVM or a terminal, and have no part in ACPI tables. */
const DROPPED = new Set([
  '-name',
  '-display',
  '-cpu',
  '-blockdev',
  '-chardev',
  '-serial',
  '-qmp',
  '-pidfile',
  '-kernel',
  '-initrd',
  '-append',
]);

/** What has no host to be opened on, and a port of a socket that was dropped. */
const NOT_HERE = /^(iommufd|virtserialport),/;

/** Flash of zeros: with `ras=on` QEMU 11.1.3 dies of a null pointer where no firmware is loaded (it makes no GED then). */
const FLASH = ['firmware', 'variables'].flatMap((name) => [
  '-blockdev',
  `driver=null-co,node-name=${name},size=67108864,read-zeroes=on`,
]);

/**
 * The machine of a rendered command line, with a stand-in at the place of each GPU: same id, bus and slot, so that the ACPI
 * tables are those that the guest would get. Memory is not bound, for the host's nodes are not here.
 */
export function withStandIns(argv: readonly string[], cpu = 'max'): string[] {
  const machine: string[] = ['-cpu', cpu, ...FLASH];
  for (let i = 0; i < argv.length; i += 1) {
    const flag = argv[i] ?? '';
    const value = argv[i + 1]?.startsWith('-') ? undefined : argv[i + 1];
    if (value !== undefined) i += 1;
    if (DROPPED.has(flag) || NOT_HERE.test(value ?? '')) continue;
    machine.push(flag);
    if (value !== undefined) machine.push(standIn(value));
  }
  return machine;
}

function standIn(value: string): string {
  const properties = value.split(',');
  const isGpu = properties[0] === 'vfio-pci';
  if (properties[0] === 'arm-smmuv3') return value;
  const isKept = (property: string) => !/^(accel|host-nodes|policy|host|rombar|iommufd)=/.test(property);
  return [isGpu ? 'virtio-rng-pci' : (properties[0] ?? ''), ...properties.slice(1).filter(isKept)].join(',');
}
