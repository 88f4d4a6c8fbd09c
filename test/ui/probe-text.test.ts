import { describe, expect, test } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { paintFor } from '../../src/ui/paint.ts';
import { gpuReport } from '../../src/ui/probe-report.ts';
import { probeText } from '../../src/ui/probe-text.ts';
import { answering, deviceFacts } from '../checks/made-up-hosts.ts';
import { blackwell, GIB, graceHost, hopper, MIB, openMadeUp } from '../fixtures/grace-host.ts';
import { BRIDGE, nvlinkAnswer, openPower9 } from '../fixtures/power9-host.ts';
import { sparse } from '../fixtures/vfio-bytes.ts';

async function text(host: Host, open = true): Promise<string[]> {
  const { gpu } = await deviceFacts(host, { open });
  return probeText(gpuReport(gpu, []), paintFor({}, {}, true)).split('\n');
}

describe('the report on a GPU tells the four lengths of BAR2 at a glance', () => {
  test.each<[string, Host, boolean, string, string]>([
    [
      'in a carve-out',
      openMadeUp(graceHost([hopper()])),
      true,
      'physical 128 GiB, VFIO region 1 GiB, mapped 1 GiB, memory 94.5 GiB',
      'region = pow2(mapped) ✔, physical >= memory ✔',
    ],
    [
      'of a device that was not opened',
      openMadeUp(graceHost([blackwell({ bars: [64n * MIB, 128n * GIB, 32n * MIB] })])),
      false,
      'physical 128 GiB, VFIO region not known, mapped not known, memory 185.03 GiB (0x2e41f00000)',
      'region = physical not known, physical >= memory ✖',
    ],
    [
      'in an aperture',
      openMadeUp(
        graceHost([hopper({ bars: [16n * MIB, 64n * GIB, 0n] })]),
        answering({ index: 2, sizeBytes: 128n * GIB, capabilities: [sparse([0n, (189n * GIB) / 2n])] }),
      ),
      true,
      'physical 64 GiB, VFIO region 128 GiB, mapped 94.5 GiB, memory 94.5 GiB',
      'mapped = memory ✔, region = pow2(memory) ✔, region = physical ✖, physical >= memory ✖',
    ],
  ])('%s', async (_title, host, open, lengths, relations) => {
    const lines = await text(host, open);
    expect(lines).toContain(`  BAR2             ${lengths}`);
    expect(lines).toContain(`  BAR2 relations   ${relations}`);
  });
});

test('the report on a V100 tells its NVLinks', async () => {
  const empty = {
    index: 9,
    sizeBytes: 0n,
    capabilities: [
      [2, 0x1_8000_1014n],
      [4, 1n],
      [5, 9n],
    ] as const,
  };
  const unasked = { files: { '/ghpass/vfio/0006:00:00.1.json': null } };
  const host = openPower9({}, { files: { ...nvlinkAnswer(BRIDGE, empty).files, ...unasked.files } });
  expect(await text(host)).toEqual([
    '0004:04:00.0  Tesla V100 SXM2 16GB  layout nvlink2  ✔ pass',
    '  coherent memory  128 GiB at 0x40000000000 (device-tree, vfio)',
    '  BAR2             no physical one, VFIO region 0 B, mapped 0 B, memory 128 GiB',
    '  BAR2 relations   region = physical ✔',
    '  NVLinks          0006:00:00.0 (no ATSD register, speed 9), 0006:00:00.1 (not opened), 0006:00:00.2 (ATSD register of 64 KiB, speed 9)',
    '  bound to         vfio-pci, IOMMU group 4, NUMA node 0, opened by group',
  ]);
});
