/** Arguments of small machines, for tests: each function gives what one part of a machine needs. */

/** An arm `virt` machine with 256 MiB and one CPU; `extra` goes into `-M`, `maxmem` behind `-m`. */
export function virtMachine({ extra = '', cpu = 'max', memory = '256M' } = {}): string[] {
  return ['-M', `virt,gic-version=3${extra}`, '-cpu', cpu, '-m', memory];
}

/** Node 0 with the CPU and all the 256 MiB. */
export const NODE_WITH_RAM = [
  ...['-object', 'memory-backend-ram,id=ram0,size=256M'],
  ...['-numa', 'node,nodeid=0,cpus=0,memdev=ram0'],
];

/** Nodes that have neither CPU nor memory. */
export function emptyNodes(...ids: number[]): string[] {
  return ids.flatMap((id) => ['-numa', `node,nodeid=${id}`]);
}

/** A PCI device that stands in for a GPU, at the given slot of bus 0. */
export function pciDevice(id: string, slot: number): string[] {
  return ['-device', `virtio-rng-pci,id=${id},addr=${slot.toString(16)}.0`];
}

/** A generic initiator: ties a device to a node. */
export function genericInitiator(id: string, device: string, node: number): string[] {
  return ['-object', `acpi-generic-initiator,id=${id},pci-dev=${device},node=${node}`];
}
