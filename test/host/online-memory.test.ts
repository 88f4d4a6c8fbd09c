import { expect, test } from 'vitest';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { onlineBytes, readOnlineMemory } from '../../src/host/numa/online-memory.ts';

const GPU = { base: 0x200_0000_0000n, sizeBytes: 0x1_0000_0000n };

function online(iomem: string | null) {
  return readOnlineMemory(memoryFiles({ files: iomem === null ? {} : { '/proc/iomem': iomem }, links: {} }));
}

test.each<[string, string | null, typeof GPU | null, bigint | null]>([
  ['nothing', '80000000-bfffffff : System RAM\n', GPU, 0n],
  ['a range of the GPU', '20000000000-200ffffffff : System RAM (NVIDIA)\n', GPU, 0x1_0000_0000n],
  [
    'the first and the last page, nested in another resource',
    '  20000000000-20000000fff : System RAM (NVIDIA)\n  200fffff000-20100000fff : System RAM (NVIDIA)\n',
    GPU,
    0x2000n,
  ],
  ['a range right behind the GPU', '20100000000-20100000fff : System RAM (NVIDIA)\n', GPU, 0n],
  ['any range, where the GPU’s memory is not known', '40000000000-40000000fff : System RAM (NVIDIA)\n', null, 0x1000n],
  ['hidden addresses', '00000000-00000000 : System RAM (NVIDIA)\n', GPU, null],
  ['hidden addresses of other things', '00000000-00000000 : System RAM\n', GPU, 0n],
  ['no /proc/iomem', null, GPU, null],
])('%s', (_title, iomem, memory, bytes) => {
  expect(onlineBytes(online(iomem), memory)).toBe(bytes);
});
