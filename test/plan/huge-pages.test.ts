import { describe, expect, test } from 'vitest';
import { DEFAULT_PLACEMENT, type GuestRequest, requireHugePages } from '../../src/plan/request.ts';
import { renderArgv } from '../../src/qemu/argv/argv.ts';
import { board, GIB, graceHost, hopper, KIB, MIB, openMadeUp } from '../fixtures/grace-host.ts';
import { hugePages, KIB_OF_2M, KIB_OF_16G, KIB_OF_512M } from '../fixtures/huge-pages.ts';
import { FILES, planFacts } from '../fixtures/plan.ts';
import { argvFaults } from '../fixtures/plan-rules.ts';

/** A host with pages of 64 KiB, whose huge pages have 2 MiB, 512 MiB and 16 GiB. */
const oneSocket = (files: Record<string, string> = {}) => openMadeUp(graceHost([hopper()]), { files });
const twoSockets = (files: Record<string, string> = {}) =>
  openMadeUp(graceHost(board(2, hopper, { gpusPerSocket: 1 })), { files });
/** A host with pages of 4 KiB, whose huge pages have 64 KiB, 2 MiB, 32 MiB and 1 GiB. */
const smallPages = () => {
  const files = { ...hugePages(0, 64, 0, 0), ...hugePages(0, 32_768, 0, 0), ...hugePages(0, 1_048_576, 0, 0) };
  const none = [KIB_OF_512M, KIB_OF_16G].flatMap((kib) => Object.keys(hugePages(0, kib, 0, 0)));
  const changes = { ...files, ...Object.fromEntries(none.map((path) => [path, null])) };
  return openMadeUp(graceHost([hopper()], { kernelConfig: { ARM64_4K_PAGES: 'y' } }), { files: changes });
};

const wanting = (asked: GuestRequest['placement']['hugePages'], memoryBytes = 16n * GIB) => ({
  request: { memoryBytes, placement: { ...DEFAULT_PLACEMENT, hugePages: asked } },
});

describe('huge pages', () => {
  test('are none where none are asked for, however many are free', async () => {
    const { plan } = await planFacts(oneSocket(hugePages(0, KIB_OF_512M, 900, 900)));
    expect(plan.hugePageBytes).toBeNull();
  });

  test.each([2n * MIB, 512n * MIB, 16n * GIB])('of %d bytes are taken where they are asked for', async (bytes) => {
    expect((await planFacts(oneSocket(), wanting(bytes))).plan.hugePageBytes).toBe(bytes);
  });

  test.each([64n * KIB, 2n * MIB, 32n * MIB, GIB])('of %d bytes are those of a kernel with 4 KiB', async (bytes) => {
    expect((await planFacts(smallPages(), wanting(bytes))).plan.hugePageBytes).toBe(bytes);
  });

  test('that the kernel does not have are refused with those that it has', async () => {
    await expect(planFacts(oneSocket(), wanting(GIB))).rejects.toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'hugepages.size',
        message: 'the host has no huge pages of 1 GiB; its kernel knows those of 2 MiB, 512 MiB, 16 GiB',
        suggestions: ['--hugepages auto'],
      }),
    );
  });

  test.each<[bigint, bigint, string[]]>([
    [16n * GIB + MIB, 512n * MIB, ['--memory 16384M', '--memory 16896M']],
    [2n * GIB, 16n * GIB, ['--memory 16384M']],
  ])('that are no measure of %d bytes are refused with memory that would be', async (memory, page, suggestions) => {
    await expect(planFacts(oneSocket(), wanting(page, memory))).rejects.toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'hugepages.memory',
        message: expect.stringMatching(/ of memory are no whole number of huge pages of /),
        suggestions,
      }),
    );
  });

  test('are taken as they are asked for where no node shows what there is', async () => {
    const host = openMadeUp(graceHost([hopper()], { nodes: [] }));
    expect((await planFacts(host, wanting(2n * MIB))).plan.hugePageBytes).toBe(2n * MIB);
    await expect(planFacts(host, wanting('auto'))).rejects.toThrow(
      expect.objectContaining({
        kind: 'check',
        code: 'hugepages.unknown',
        message: 'no NUMA node of the host shows huge pages, so none can be chosen',
      }),
    );
  });
});

describe('the size that fits best is', () => {
  test.each<[string, Record<string, string>, bigint]>([
    ['the largest with enough free pages', { ...hugePages(0, KIB_OF_16G, 1, 1) }, 16n * GIB],
    [
      'a smaller one where the largest has too few',
      { ...hugePages(0, KIB_OF_16G, 1, 0), ...hugePages(0, KIB_OF_512M, 32, 32) },
      512n * MIB,
    ],
    ['the smallest where only that has enough', hugePages(0, KIB_OF_2M, 8192, 8192), 2n * MIB],
    ['a block of the page table where none has enough', hugePages(0, KIB_OF_2M, 8192, 8191), 512n * MIB],
  ])('%s', async (_title, files, bytes) => {
    expect((await planFacts(oneSocket(files), wanting('auto'))).plan.hugePageBytes).toBe(bytes);
  });

  test('2 MiB with pages of 4 KiB where none has enough', async () => {
    expect((await planFacts(smallPages(), wanting('auto'))).plan.hugePageBytes).toBe(2n * MIB);
  });

  test('one that each socket has enough of', async () => {
    const files = {
      ...hugePages(0, KIB_OF_16G, 2, 2),
      ...hugePages(0, KIB_OF_2M, 8192, 8192),
      ...hugePages(1, KIB_OF_2M, 8192, 8192),
    };
    expect((await planFacts(twoSockets(files), wanting('auto', 32n * GIB))).plan.hugePageBytes).toBe(2n * MIB);
  });
});

describe('memory in huge pages', () => {
  const nodesOf = async (page: bigint, memory: bigint) =>
    (await planFacts(twoSockets(), wanting(page, memory))).plan.nodes
      .filter(({ gpu }) => gpu === null)
      .map(({ memoryBytes, hostNode }) => [hostNode, memoryBytes]);

  test('is shared out in whole pages', async () => {
    expect(await nodesOf(512n * MIB, 3n * 512n * MIB)).toEqual([
      [0, 512n * MIB],
      [1, GIB],
    ]);
  });

  test('is on as many nodes as there are pages', async () => {
    expect(await nodesOf(16n * GIB, 16n * GIB)).toEqual([[0, 16n * GIB]]);
  });

  test('is bound to the sockets of the GPUs, and touched by threads near to it', async () => {
    const { plan, host } = await planFacts(twoSockets(), wanting(512n * MIB));
    const argv = renderArgv(plan, FILES);
    expect(argvFaults(argv, host)).toEqual([]);
    expect(argv.filter((word) => /^(thread-context|memory-backend)/.test(word))).toEqual([
      'thread-context,id=near0,node-affinity=0',
      'memory-backend-memfd,id=ram0,size=8G,hugetlb=on,hugetlbsize=512M,prealloc=on,prealloc-threads=2,prealloc-context=near0,host-nodes=0,policy=bind',
      'thread-context,id=near1,node-affinity=1',
      'memory-backend-memfd,id=ram1,size=8G,hugetlb=on,hugetlbsize=512M,prealloc=on,prealloc-threads=2,prealloc-context=near1,host-nodes=1,policy=bind',
    ]);
  });

  test('is bound to nothing where the host shows no nodes; QEMU takes no more than 16 threads', async () => {
    const host = openMadeUp(graceHost([hopper()], { nodes: [] }));
    const { request } = wanting(2n * MIB);
    const { plan } = await planFacts(host, { request: { ...request, vcpus: 64 } });
    expect(renderArgv(plan, FILES)).toContain(
      'memory-backend-memfd,id=ram0,size=16G,hugetlb=on,hugetlbsize=2M,prealloc=on,prealloc-threads=16',
    );
  });
});

describe('--hugepages', () => {
  test.each<[string, bigint | 'auto' | null]>([
    ['none', null],
    ['auto', 'auto'],
    ['2M', 2n * MIB],
    ['512MiB', 512n * MIB],
    ['64K', 64n * KIB],
    ['16g', 16n * GIB],
  ])('%s', (text, expected) => {
    expect(requireHugePages(text)).toBe(expected);
  });

  test.each(['', 'on', '0', '3M', '-2M', '1.5G'])('%j is refused', (text) => {
    expect(() => requireHugePages(text)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'hugepages.size-invalid',
        message: `--hugepages ${text}: huge pages are a power of two long, as in 2M or 512M; or auto, or none`,
      }),
    );
  });
});
