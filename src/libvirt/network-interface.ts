import type { NetworkLink, PlannedNetwork } from '../plan/network.ts';
import type { Shape } from './edit.ts';
import { requireWritable } from './writable.ts';

/** The network card of a guest: UEFI has a driver of its own, so that no option ROM is needed. */
export function networkInterface({ link, mac }: PlannedNetwork): Shape {
  return [
    'interface',
    { type: link.kind === 'passt' ? 'user' : link.kind },
    [
      ['mac', { address: mac }],
      ...source(link),
      ['model', { type: 'virtio' }],
      ...(link.kind === 'passt' ? [['backend', { type: 'passt' }] as const] : []),
      ...forwards(link),
      ['rom', { enabled: 'no' }],
    ],
  ];
}

function source(link: NetworkLink): Shape[] {
  if (link.kind === 'bridge') return [['source', { bridge: requireWritable('bridge', link.bridge) }]];
  return link.kind === 'network' ? [['source', { network: requireWritable('network', link.network) }]] : [];
}

function forwards(link: NetworkLink): Shape[] {
  if (link.kind !== 'passt') return [];
  return link.forwards.map(({ protocol, address, hostPort, guestPort }): Shape => {
    const range: Shape = ['range', { start: hostPort, to: guestPort }];
    return ['portForward', { proto: protocol, address }, [range]];
  });
}
