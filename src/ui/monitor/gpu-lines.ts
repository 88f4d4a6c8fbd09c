import type { GpuMemory } from '../../guest/monitor/gpu-memory.ts';
import type { GuestPlan, PlannedGpu } from '../../plan/guest-plan.ts';
import { segmentedBar } from './bar.ts';
import { rangesText, roughBytes } from './words.ts';

/** Where in the guest what is: nodes with memory or CPUs, and the nodes of each GPU. */
export function nodeLines({ nodes, gpus }: GuestPlan): string[] {
  const ordinary = nodes.flatMap(({ id, cpus, memoryBytes, hostNode, gpu }) => {
    if (gpu !== null) return [];
    const parts = [
      cpus === null ? null : `vCPUs ${rangesText(cpus)}`,
      roughBytes(memoryBytes),
      hostNode === null ? null : `on host node ${hostNode}`,
    ];
    return [`node ${id}: ${parts.filter(Boolean).join(', ')}`];
  });
  return [...ordinary, ...gpus.map(initiators)];
}

function initiators({ nodes, address, guestAddress }: PlannedGpu): string {
  const which = `${nodes.length === 1 ? 'node' : 'nodes'} ${rangesText(nodes)}`;
  return `${which}: generic initiators of ${address} (in the guest ${guestAddress})`;
}

/** The BARs of one GPU that have memory behind them, to scale, and in a second line what is what. */
export function memoryMapLines(gpu: PlannedGpu, memory: GpuMemory, columns: number): string[] {
  const known = memory.get(gpu.address);
  const bar = (region: number) => gpu.bars.find(({ index }) => index === region)?.sizeBytes ?? 0n;
  const usable = known?.usable ?? null;
  const reserved = known?.reserved ?? null;
  if (usable === null) {
    const bars = gpu.bars.map(({ index, sizeBytes }) => `BAR${index} ${roughBytes(sizeBytes)}`);
    return [`memory map not known; ${bars.join(', ')}`];
  }
  const paddingOf = (region: number, bytes: bigint) => (bar(region) > bytes ? bar(region) - bytes : 0n);
  const parts = [
    { name: `usable (BAR${usable.region})`, bytes: usable.sizeBytes, fill: '█' },
    { name: 'padding', bytes: paddingOf(usable.region, usable.sizeBytes), fill: '░' },
    ...(reserved
      ? [
          { name: `reserved (BAR${reserved.region})`, bytes: reserved.sizeBytes, fill: '▓' },
          { name: 'padding', bytes: paddingOf(reserved.region, reserved.sizeBytes), fill: '░' },
        ]
      : []),
  ].filter(({ bytes }) => bytes > 0n);
  const drawn = segmentedBar(
    parts.map(({ bytes, fill }) => ({ weight: Number(bytes), fill })),
    columns,
  );
  return [drawn, parts.map(({ name, bytes, fill }) => `${fill} ${name} ${roughBytes(bytes)}`).join('  ')];
}

/** The window for 64-bit BARs, and how much of it the GPUs take. */
export function windowLines({ machine: { windowBytes }, gpus }: GuestPlan, columns: number): string[] {
  const taken = gpus.flatMap(({ bars }) => bars).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n);
  if (windowBytes === null) return [`QEMU’s own; BARs of ${roughBytes(taken)}`];
  const rest = windowBytes > taken ? windowBytes - taken : 0n;
  const drawn = segmentedBar(
    [
      { weight: Number(taken), fill: '█' },
      { weight: Number(rest), fill: '░' },
    ],
    columns,
  );
  return [drawn, `█ BARs ${roughBytes(taken)}  ░ free ${roughBytes(rest)} of ${roughBytes(windowBytes)}`];
}
