import { formatBytes } from '../../vfio/bytes.ts';
import type { Observation } from '../check.ts';
import { OPEN_MODULES, type RunningGuestCheck } from './facts.ts';

const REFUSED = /(?:GPU memory zone movable auto onlining failed|Memory add failed)/;

export const guestMemoryOnline: RunningGuestCheck = {
  id: 'guest.online',
  severity: 'fail',
  title: 'The memory of each GPU is online on one of its own nodes',
  looksAt:
    '/proc/iomem, /sys/devices/system/node, auto_online_blocks and the kernel’s log in the guest, once NVIDIA’s driver is loaded',
  reference: `${OPEN_MODULES}, "System RAM (NVIDIA)"; Documentation/admin-guide/mm/memory-hotplug.rst`,
  observe({ driver, gpus, kernelLog }) {
    if (driver === null || driver.keepsMemory) return [];
    const refused = REFUSED.exec(kernelLog ?? '')?.[0];
    return gpus.flatMap(({ address, nodes, onlineBytes }): Observation[] => {
      const total = nodes.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0n);
      if (total > 0n) return [{ subject: address, severity: 'info', message: told(nodes) }];
      if (onlineBytes !== null && onlineBytes > 0n) {
        const message = `${formatBytes(onlineBytes)} of its memory are online in the guest, and none of that is on its own nodes`;
        return [
          {
            subject: address,
            message,
            remedy: ['boot the guest with all nodes of the GPU: the lines that differ say which are missing'],
          },
        ];
      }
      const said = refused === undefined ? '' : `; the kernel says "${refused}"`;
      const message = `NVIDIA's driver is loaded in the guest, and none of the GPU's memory is online; auto_online_blocks is ${driver.autoOnline ?? 'not known'}${said}`;
      return [{ subject: address, message, remedy: REMEDY }];
    });
  },
};

const REMEDY = [
  'in the guest: echo online_movable > /sys/devices/system/memory/auto_online_blocks, and load the driver again',
  'in the guest: nvidia-smi -q   # whether the GPU was started; start nvidia-persistenced',
];

function told(nodes: readonly { node: number; proximityDomain: number; memoryBytes: bigint }[]): string {
  const each = nodes.map(
    ({ node, proximityDomain, memoryBytes }) =>
      `${formatBytes(memoryBytes)} on node ${node} (proximity domain ${proximityDomain})`,
  );
  return `memory of the GPU that is online in the guest: ${each.join(', ')}`;
}
