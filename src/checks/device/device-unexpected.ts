import { formatBytes } from '../../vfio/bytes.ts';
import { coherentMemoryBytes } from '../../vfio/gpu.ts';
import type { Observation } from '../check.ts';
import { about, type DeviceCheck, type DeviceFacts } from './facts.ts';

/**
 * What the catalogue expects is said by people, and the device knows better: the layout is only a remark. A length of memory
 * stands in nobody's catalogue but the site's own, which wants to be told.
 */
export const deviceUnexpected: DeviceCheck = {
  id: 'device.unexpected',
  severity: 'warn',
  title: 'The device is as the GPU catalogue expects',
  looksAt: 'layout and length of the memory, and the GPU catalogue',
  reference: 'templates/gpus.json, /etc/ghpass/gpus.json',
  observe: (facts) =>
    facts.gpu.product === null
      ? { notKnown: 'the ids are in no GPU catalogue' }
      : [...unexpectedLayout(facts), ...unexpectedMemory(facts)],
};

function unexpectedLayout(facts: DeviceFacts): Observation[] {
  const { product, memory } = facts.gpu;
  const expected = product?.layouts;
  // That nothing is exported has a finding of its own, which knows why.
  if (!expected || memory.origin !== 'measured' || memory.layout === null || memory.layout === 'none') return [];
  if (expected.includes(memory.layout)) return [];
  const message = `${product.name} is expected in the layout ${expected.join(' or ')}, and answers with ${memory.layout}`;
  return about(facts, message).map((observation) => ({ ...observation, severity: 'info' }));
}

function unexpectedMemory(facts: DeviceFacts): Observation[] {
  const { product } = facts.gpu;
  const found = coherentMemoryBytes(facts.gpu);
  if (!product?.memoryBytes || found === null || found === product.memoryBytes) return [];
  return about(
    facts,
    `${product.name} is expected to have ${formatBytes(product.memoryBytes)} of coherent memory, and has ${formatBytes(found)}`,
    'correct the GPU catalogue, or ask the vendor of the board where the memory is',
  );
}
