import { formatBytes } from '../vfio/bytes.ts';
import { memoryText } from './memory-text.ts';
import type { Paint } from './paint.ts';
import type { GpuReport } from './probe-report.ts';

/** One GPU as a person takes it in at a glance. */
export function probeText(gpu: GpuReport, paint: Paint): string {
  const verdict = gpu.verdict === 'pass' ? paint.green('✔ pass') : paint.red('✖ fail');
  const head = [gpu.address, gpu.name ?? gpu.id, `layout ${gpu.layout ?? 'not known'}`].join('  ');
  return [`${paint.bold(head)}  ${verdict}`, ...rows(gpu).map(([name, value]) => `  ${name.padEnd(16)} ${value}`)].join(
    '\n',
  );
}

function rows(gpu: GpuReport): [string, string][] {
  const size = (bytes: number | null) => (bytes === null ? 'not known' : formatBytes(BigInt(bytes)));
  const part = (region: GpuReport['usable']) =>
    region && `${size(region.size)} in region ${region.region}, a BAR of ${size(region.barSize)} in the guest`;
  const { coherentMemory, bar2, usable, reserved } = gpu;
  const named: [string, string | null][] = [
    [
      'coherent memory',
      coherentMemory
        ? `${size(coherentMemory.size)} at ${coherentMemory.base ?? 'an unknown base'} (${coherentMemory.sources.join(', ') || 'no size'})`
        : 'none known',
    ],
    [gpu.sizes === 'measured' ? 'usable' : 'usable, predicted', part(usable)],
    ['reserved', part(reserved)],
    [
      'BAR2',
      [
        bar2.length === 0 ? 'no physical one' : `physical ${size(bar2.length)}`,
        `VFIO region ${size(bar2.region)}`,
        `mapped ${size(bar2.mapped)}`,
        `memory ${size(bar2.memory)}`,
      ].join(', '),
    ],
    ['BAR2 relations', bar2.relations.map(relation).join(', ') || null],
    ['NVLinks', gpu.nvlink ? gpu.nvlink.links.map(link).join(', ') || 'none' : null],
    ['MMIO window', gpu.mmioWindow === null ? null : size(gpu.mmioWindow)],
    ['memory', gpu.memory && memoryText(gpu.memory)],
    [
      'bound to',
      [
        gpu.driver ?? 'no driver',
        `IOMMU group ${gpu.iommuGroup ?? 'not known'}`,
        `NUMA node ${gpu.numaNode ?? 'not known'}`,
        gpu.openedVia ? `opened by ${gpu.openedVia}` : 'not opened',
      ].join(', '),
    ],
  ];
  return named.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
}

function relation({ rule, holds }: GpuReport['bar2']['relations'][number]): string {
  return `${rule.replace('length', 'physical')} ${holds === null ? 'not known' : holds ? '✔' : '✖'}`;
}

function link({ address, regions: [register], speed }: NonNullable<GpuReport['nvlink']>['links'][number]): string {
  if (!register) return `${address} (not opened)`;
  const atsd = register.size === 0 ? 'no ATSD register' : `ATSD register of ${formatBytes(BigInt(register.size))}`;
  return `${address} (${atsd}, speed ${speed ?? 'not known'})`;
}
