import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { NetworkLink } from '../../plan/network.ts';
import { option, plain } from './arguments.ts';

const NETDEV = 'net0';
const PORT = 'net-port';

/** The network card behind a port of the default root complex, as disks are, and what it is connected to. */
export function network({ network: planned, gpus, boot }: GuestPlan): string[] {
  if (planned === null) return [];
  return [
    ...option('-device', [
      ['pcie-root-port', null],
      ['id', PORT],
      ['bus', 'pcie.0'],
      ['chassis', gpus.length + boot.disks.length + 1],
    ]),
    ...backend(planned.link),
    ...option('-device', [
      ['virtio-net-pci', null],
      ['bus', PORT],
      ['netdev', NETDEV],
      ['mac', planned.mac],
      // UEFI has a driver of its own; the option ROM is of a package that QEMU's only recommends, and QEMU ends without it.
      ['romfile', ''],
    ]),
  ];
}

function backend(link: NetworkLink): string[] {
  switch (link.kind) {
    case 'user':
      return option('-netdev', [
        ['user', null],
        ['id', NETDEV],
        ...link.forwards.map(
          ({ protocol, address, hostPort, guestPort }) =>
            ['hostfwd', `${protocol}:${address}:${hostPort}-:${guestPort}`] as const,
        ),
      ]);
    case 'passt': {
      const ports = (wanted: 'tcp' | 'udp') => {
        const forwards = link.forwards.filter(({ protocol }) => protocol === wanted);
        const specs = forwards.map(({ address, hostPort, guestPort }) => `${address}/${hostPort}:${guestPort}`);
        return specs.length === 0 ? undefined : specs.map((str) => ({ str }));
      };
      // Lists of the schema are refused as `key.0=value` (QEMU 11.1).
      return plain(
        '-netdev',
        JSON.stringify({ type: 'passt', id: NETDEV, 'tcp-ports': ports('tcp'), 'udp-ports': ports('udp') }),
      );
    }
    case 'bridge':
      return option('-netdev', [
        ['bridge', null],
        ['id', NETDEV],
        ['br', link.bridge],
      ]);
    case 'network':
      throw new Error(`${link.network} is a network of libvirt`);
  }
}
