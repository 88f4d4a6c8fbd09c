import { beforeAll, expect, test, vi } from 'vitest';
import { GRACE_KERNEL_CONFIG } from '../../src/host/builtin/gh200.ts';
import { ACCELERATED_SMMU } from '../../src/host/programs/smmu-properties.ts';
import { DEFAULT_PLACEMENT, type PlacementRequest } from '../../src/plan/request.ts';
import { renderArgv } from '../../src/qemu/argv/argv.ts';
import { board, graceHost, hopper, MIB, openMadeUp } from '../fixtures/grace-host.ts';
import { FILES, planFacts } from '../fixtures/plan.ts';
import { virtMachine } from './kit/machine-arguments.ts';
import { findQemu, type QemuCommand } from './kit/qemu-binary.ts';
import { askMachine } from './kit/qmp-once.ts';
import { withStandIns } from './kit/stand-ins.ts';

/** A machine that is busy with other tests takes its time to start a process. */
vi.setConfig({ testTimeout: 60_000 });

/** The first run may have to fetch and unpack a QEMU. */
const FETCH_MS = 600_000;

let qemu: QemuCommand;
beforeAll(async () => {
  qemu = await findQemu();
}, FETCH_MS);

/** The arguments for a guest with a GPU on each of two sockets. */
async function argvFor(placement: Partial<PlacementRequest>): Promise<string[]> {
  const kernelConfig = { ...GRACE_KERNEL_CONFIG, ARM_SMMU_V3_IOMMUFD: 'y' };
  const host = openMadeUp(graceHost(board(2, hopper, { gpusPerSocket: 1 }), { release: '6.19.0', kernelConfig }));
  const request = { memoryBytes: 128n * MIB, placement: { ...DEFAULT_PLACEMENT, ...placement } };
  return renderArgv((await planFacts(host, { request })).plan, FILES);
}

const propertiesIn = (word = '') =>
  word
    .split(',')
    .slice(1)
    .map((property) => property.replace(/=.*/, ''));
const refusal = (argv: readonly string[]) =>
  askMachine(qemu, argv, []).then(
    () => 'it starts',
    ({ stderr }: { stderr: string }) => stderr.trim(),
  );

test('QEMU has each property of memory in huge pages', async () => {
  const argv = await argvFor({ hugePages: 2n * MIB });
  const questions = ['memory-backend-memfd', 'thread-context'].map((typename) => ({
    execute: 'qom-list-properties',
    arguments: { typename },
  }));
  const [memfd = [], context = []] = (await askMachine(qemu, virtMachine(), questions)) as { name: string }[][];
  const wordOf = (type: string) => propertiesIn(argv.find((word) => word.startsWith(`${type},`)));
  const unknown = (type: string, properties: { name: string }[]) =>
    wordOf(type).filter((property) => property !== 'id' && properties.every(({ name }) => name !== property));
  expect(wordOf('memory-backend-memfd').length).toBeGreaterThan(5);
  expect(unknown('memory-backend-memfd', memfd)).toEqual([]);
  expect(unknown('thread-context', context)).toEqual([]);
});

test('QEMU touches memory by threads of the host’s node before it starts', async () => {
  // On this machine there are no free huge pages, and one node.
  const argv = (await argvFor({ hugePages: 2n * MIB })).map((word) =>
    word.replace(/,hugetlb=on,hugetlbsize=2M/, '').replace(/node-affinity=\d+/, 'node-affinity=0'),
  );
  const [backends] = (await askMachine(qemu, withStandIns(argv), [{ execute: 'query-memdev' }])) as [object[]];
  expect(backends).toMatchObject([
    { id: 'ram0', prealloc: true, size: 64 << 20 },
    { id: 'ram1', prealloc: true, size: 64 << 20 },
  ]);
});

test('an accelerated SMMU is refused for what this machine is, and for nothing else', async () => {
  const argv = withStandIns(await argvFor({ smmu: 'on' }));
  const question = { execute: 'device-list-properties', arguments: { typename: 'arm-smmuv3' } };
  const [properties] = (await askMachine(qemu, virtMachine(), [question])) as [{ name: string }[]];
  const names = properties.map(({ name }) => name);
  if (!ACCELERATED_SMMU.every((name) => names.includes(name))) {
    // QEMU before 11.0: smmuProperties is what keeps such a plan from being made.
    expect(await refusal(argv)).toMatch(/arm-smmuv3/);
    return;
  }
  expect(await refusal(argv)).toMatch(/: SMMUv3 accel=on requires KVM with kernel-irqchip=on support$/);
  const wrong = argv.map((word) => word.replace('oas=48', 'oas=49'));
  expect(await refusal(wrong)).toMatch(/: Parameter 'oas' does not accept value '49'$/);
});
