import { availableParallelism } from 'node:os';
import { GhpassError } from '../errors.ts';
import { localFiles } from '../host/local-files.ts';
import type { NumaFacts } from '../host/numa/numa.ts';
import { formatNumberList } from '../host/numa/number-list.ts';
import { readOwnCpus } from '../host/numa/own-cpus.ts';
import { runHelper } from '../host/programs/helper.ts';
import { MIB } from './bytes.ts';
import type { GpuFacts } from './gpu.ts';
import { type MemoryAnswer, type MemoryProgress, parseMemoryAnswer, parseMemoryProgress } from './memory-answer.ts';

/** `quick`: the boundary pages of each area and what is around it; `full`: every byte; `scrub`: zeros over every byte. */
export type MemoryMode = 'quick' | 'full' | 'scrub';

/** A part of a region that is coherent memory and may be mapped. */
export interface MemoryArea {
  region: number;
  offsetBytes: bigint;
  sizeBytes: bigint;
  /** How the driver maps it: reserved memory is write-combined (Normal-NC), all other cacheable (nvgrace_gpu_mmap). */
  mapping: 'cached' | 'combined';
}

/** What became of validating or scrubbing one GPU. */
export interface MemoryValidation {
  mode: MemoryMode;
  /** Empty where the device was not opened or exports no coherent memory; `answer` then is null. */
  areas: MemoryArea[];
  answer: MemoryAnswer | null;
}

/** The helper has no more threads than this (SWEEP_THREADS_MAX of its sweep.h); memory is busy with far fewer. */
const THREADS_MAX = 256;
/** Nor does it know CPUs from this one on (CPUS_MAX of its system.h). */
const CPUS_MAX = 1024;
/** A device that was reset may take 30 s to be ready, with CXL 257 s (nvgrace-gpu/main.c of Linux 7.2). */
const OPENING_MS = 300_000;
/** The slowest that any memory is waited for: a hundredth of what C2C gives. */
const SLOWEST_BYTES_PER_SECOND = 64n * MIB;

/** Times that every byte is written or verified. */
const PASSES: Readonly<Record<MemoryMode, bigint>> = { quick: 0n, full: 4n, scrub: 2n };

/** The memory of an opened GPU, area by area; empty where there is none. */
export function memoryAreas({ memory, regions }: GpuFacts): MemoryArea[] {
  if (memory.origin !== 'measured') return [];
  return [memory.usable, memory.reserved].flatMap((part) => {
    if (!part) return [];
    const mapping = part === memory.reserved ? 'combined' : 'cached';
    const sparse = regions.find(({ index }) => index === part.region)?.sparseAreas;
    const areas = sparse ?? [{ offsetBytes: 0n, sizeBytes: part.sizeBytes }];
    return areas.map(({ offsetBytes, sizeBytes }) => ({ region: part.region, offsetBytes, sizeBytes, mapping }));
  });
}

/** On which CPUs the memory is written and verified, and by how many threads. */
export interface MemoryCrew {
  /** Null where the kernel is to choose. */
  cpus: readonly number[] | null;
  threads: number;
}

/**
 * The CPUs of the GPU's own node, since to the memory of another socket all goes over the link between the two.
 * @param own CPUs that this process may run on; null where that is not known.
 * @param parallelism threads of a crew that may run anywhere.
 */
export function memoryCrew(
  { pci }: Pick<GpuFacts, 'pci'>,
  numa: NumaFacts | null,
  own: readonly number[] | null,
  parallelism: number,
): MemoryCrew {
  const ofNode = numa?.nodes.find(({ id }) => id === pci.numaNode)?.cpus ?? [];
  const cpus = ofNode.filter((cpu) => cpu < CPUS_MAX && own?.includes(cpu));
  if (cpus.length === 0) return { cpus: null, threads: Math.min(parallelism, THREADS_MAX) };
  return { cpus, threads: Math.min(cpus.length, THREADS_MAX) };
}

/** Arguments of `ghpass-vfio memory`. */
export function memoryArguments(
  address: string,
  mode: MemoryMode,
  areas: readonly MemoryArea[],
  { cpus, threads }: MemoryCrew,
): string[] {
  const words = areas.flatMap(({ region, offsetBytes, sizeBytes, mapping }) => [
    '--area',
    `${region}:${offsetBytes}:${sizeBytes}:${mapping}`,
  ]);
  const where = cpus === null ? [] : ['--cpus', formatNumberList(cpus)];
  return ['memory', address, mode, ...words, '--threads', `${threads}`, ...where];
}

/** How long it may take, in milliseconds: in proportion to what has to be moved. */
export function memoryDeadlineMs(mode: MemoryMode, areas: readonly MemoryArea[]): number {
  const bytes = areas.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n) * PASSES[mode];
  return OPENING_MS + Number((bytes * 1000n) / SLOWEST_BYTES_PER_SECOND);
}

/**
 * Overwrites the memory of a GPU and reads it back, on the CPUs of its node.
 * @param numa of the host; null where it is not known.
 * @param options who hears how far it is, and what ends it.
 * @throws GhpassError of {@link runHelper}; `helper.protocol` where the answer is not about what was asked; `interrupted`
 * where a signal ended the helper, which a terminal may send to it before ghpass hears of it.
 */
export async function validateMemory(
  gpu: GpuFacts,
  numa: NumaFacts | null,
  mode: MemoryMode,
  options: { signal: AbortSignal; progress(progress: MemoryProgress): void },
): Promise<MemoryValidation> {
  const areas = memoryAreas(gpu);
  if (areas.length === 0) return { mode, areas, answer: null };
  const crew = memoryCrew(gpu, numa, readOwnCpus(localFiles), availableParallelism());
  const args = memoryArguments(gpu.pci.address, mode, areas, crew);
  let unreadable: unknown = null;
  const onLine = (line: string) => {
    try {
      const progress = parseMemoryProgress(line);
      if (progress) options.progress(progress);
    } catch (error) {
      unreadable ??= error;
    }
  };
  const output = await runHelper(args, memoryDeadlineMs(mode, areas), { signal: options.signal, onLine });
  const answer = parseMemoryAnswer(output);
  if (unreadable) throw unreadable;
  requireSame(gpu.pci.address, areas, answer);
  if (answer.error?.step === 'interrupted') throw interruptedIn(gpu.pci.address);
  return { mode, areas, answer };
}

function interruptedIn(address: string): GhpassError {
  return new GhpassError('interrupted', {
    code: 'interrupted',
    message: `interrupted: the memory of ${address} is overwritten in part`,
  });
}

function requireSame(address: string, areas: readonly MemoryArea[], answer: MemoryAnswer): void {
  const isSame =
    answer.address === address &&
    answer.areas.length === areas.length &&
    answer.areas.every(({ region, offset, bytes }, i) => {
      const area = areas[i];
      return region === area?.region && offset === area.offsetBytes && BigInt(bytes) === area.sizeBytes;
    });
  if (isSame) return;
  throw new GhpassError('tool', {
    code: 'helper.protocol',
    message: `ghpass-vfio was asked for the memory of ${address} and answered for something else`,
  });
}
