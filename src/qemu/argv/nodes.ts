import { formatNumberList } from '../../host/numa/number-list.ts';
import type { GuestNode, GuestPlan } from '../../plan/guest-plan.ts';
import { option } from './arguments.ts';
import { memory } from './memory.ts';

/** A node of a GPU. */
export function emptyNode(id: number): string[] {
  return option('-numa', [
    ['node', null],
    ['nodeid', id],
  ]);
}

/** A node with memory gets a backend, bound to its host node; a node of a GPU has neither memory nor CPUs. */
export function guestNode(node: GuestNode, hugePageBytes: bigint | null): string[] {
  const { id, cpus, memoryBytes } = node;
  if (memoryBytes === 0n) return emptyNode(id);
  return [
    ...memory(node, hugePageBytes),
    ...option('-numa', [
      ['node', null],
      ['nodeid', id],
      ...(cpus === null
        ? []
        : formatNumberList(cpus)
            .split(',')
            .map((range) => ['cpus', range] as const)),
      ['memdev', `ram${id}`],
    ]),
  ];
}

/** One option for each pair of nodes, or for those that are wanted. */
export function distances(
  { distances: matrix }: Pick<GuestPlan, 'distances'>,
  isWanted: (from: number, to: number) => boolean = () => true,
): string[] {
  return (matrix ?? []).flatMap((row, src) =>
    row.flatMap((val, dst) =>
      src === dst || !isWanted(src, dst)
        ? []
        : option('-numa', [
            ['dist', null],
            ['src', src],
            ['dst', dst],
            ['val', val],
          ]),
    ),
  );
}
