import { type HostFiles, readTextIfReadable } from '../files.ts';

/** Memory of NVIDIA GPUs that the host's kernel uses as its own. */
export interface OnlineMemory {
  /** How many ranges there are. */
  count: number;
  /** Null where the kernel hides addresses from whoever is not root. */
  ranges: { start: bigint; end: bigint }[] | null;
}

/**
 * The ranges "System RAM (NVIDIA)" of /proc/iomem: NVIDIA's driver adds the coherent memory under that name.
 * @returns null where /proc/iomem cannot be read.
 */
export function readOnlineMemory(files: HostFiles): OnlineMemory | null {
  const text = readTextIfReadable(files, '/proc/iomem');
  if (text === null) return null;
  const ranges = [...text.matchAll(/^\s*([0-9a-f]+)-([0-9a-f]+) : System RAM \(NVIDIA\)$/gm)].map(([, start, end]) => ({
    start: BigInt(`0x${start}`),
    end: BigInt(`0x${end}`),
  }));
  /** kernel/resource.c, r_show: zeros for whoever lacks CAP_SYS_ADMIN. */
  const isHidden = ranges.some(({ end }) => end === 0n);
  return { count: ranges.length, ranges: isHidden ? null : ranges };
}

/**
 * How much of one GPU's memory the host's kernel uses, in bytes.
 * @param memory where the GPU's memory is; null where it is not known, and then any GPU's counts.
 * @returns null where it is not known.
 */
export function onlineBytes(
  online: OnlineMemory | null,
  memory: { base: bigint; sizeBytes: bigint } | null,
): bigint | null {
  if (online === null) return null;
  if (online.count === 0) return 0n;
  if (online.ranges === null) return null;
  const first = memory?.base ?? 0n;
  const last = memory ? memory.base + memory.sizeBytes - 1n : null;
  return online.ranges.reduce((sum, { start, end }) => {
    const from = start > first ? start : first;
    const to = last === null || end < last ? end : last;
    return to >= from ? sum + (to - from + 1n) : sum;
  }, 0n);
}
