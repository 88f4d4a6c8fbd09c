import { describe, expect, test } from 'vitest';
import { LAB_TEST_TIMEOUT_MS, runStepsInLab, type StepResult } from './harness.ts';
import { HOST_STATE, PRISTINE } from './host-state.ts';

/** As small as the guest can be: everything in it is emulated twice. */
const SMOKE = 'ghpass smoke --bind --json --vcpus 1 --memory 1G';
const BOTH_GPUS = '--gpu 0000:01:00.0 --gpu 0000:02:00.0';

const GIB = '1 GiB';
/** The memory BARs of the guest, by layout: BAR2 and BAR4 as they were planned from what VFIO answered. */
const BARS: Record<string, { BAR2: string; BAR4: string }> = {
  gh200: { BAR2: GIB, BAR4: '4 GiB' },
  gb200: { BAR2: '4 GiB', BAR4: '4 GiB' },
  'gh200-nvl2': { BAR2: GIB, BAR4: '4 GiB' },
};

interface Case {
  kernel: 'stock' | 'full';
  userland: 'trixie' | 'sid';
  host: string;
  gpus?: string;
  /** Ways to VFIO, one smoke each in the same boot. */
  ways: ('group' | 'iommufd')[];
}

const CASES: Case[] = [
  { kernel: 'stock', userland: 'trixie', host: 'gh200', ways: ['group'] },
  { kernel: 'stock', userland: 'sid', host: 'gh200', ways: ['group'] },
  { kernel: 'stock', userland: 'trixie', host: 'gb200', ways: ['group'] },
  { kernel: 'stock', userland: 'sid', host: 'gb200', ways: ['group'] },
  { kernel: 'full', userland: 'trixie', host: 'gh200', ways: ['group', 'iommufd'] },
  { kernel: 'full', userland: 'sid', host: 'gh200', ways: ['group', 'iommufd'] },
  { kernel: 'full', userland: 'trixie', host: 'gb200', ways: ['iommufd'] },
  { kernel: 'full', userland: 'sid', host: 'gb200', ways: ['group', 'iommufd'] },
  { kernel: 'full', userland: 'trixie', host: 'gh200-nvl2', gpus: BOTH_GPUS, ways: ['iommufd'] },
  { kernel: 'full', userland: 'sid', host: 'gh200-nvl2', gpus: BOTH_GPUS, ways: ['iommufd'] },
];

interface Line {
  gpu: string | null;
  what: string;
  seen: string;
  equal: boolean;
}

describe('smoke: the guest is as planned, and the host is as before', () => {
  test.each(CASES)(
    '$kernel kernel, $userland, $host, by $ways',
    async ({ gpus = '', ways, ...lab }) => {
      const smokes = Object.fromEntries(ways.map((way) => [way, `${SMOKE} ${gpus} --vfio ${way}`]));
      const { step } = await runStepsInLab({ ...lab, steps: { ...smokes, state: HOST_STATE } });
      for (const way of ways) {
        const { lines, status, plan } = read(step(way));
        expect({ status, wrong: lines.filter(({ equal }) => !equal) }, step(way).stderr).toEqual({
          status: 0,
          wrong: [],
        });
        expect(plan.iommufd).toBe(way === 'iommufd');
        for (const gpu of plan.gpus) expectWholeGpu(gpu, lines, BARS[lab.host]);
      }
      expect(step('state').stdout).toBe(PRISTINE);
    },
    LAB_TEST_TIMEOUT_MS,
  );
});

test(
  'two GPUs and a kernel of 16 nodes: warned before, found out after, the lost node named',
  async () => {
    const { step } = await runStepsInLab({
      kernel: 'stock',
      userland: 'trixie',
      host: 'gh200-nvl2',
      steps: { smoke: `${SMOKE} ${BOTH_GPUS}`, state: HOST_STATE },
    });
    const { status, findings, lines } = read(step('smoke'));
    expect(status).toBe(1);
    expect(findings.find(({ id, severity }) => id === 'kernel.nodes-shift' && severity === 'warn')?.message).toMatch(
      /^the guest has 17 nodes, the guest's kernel holds 16: 1 node of a GPU will be lost$/,
    );
    const lost = lines.filter(({ equal, seen }) => !equal && seen.includes('no node for proximity domain'));
    expect(lost).toHaveLength(1);
    expect(lost[0]?.seen).toMatch(/; no node for proximity domain ([1-9]|1[0-6])$/);
    expect(step('state').stdout).toBe(PRISTINE);
  },
  LAB_TEST_TIMEOUT_MS,
);

interface PlannedGpu {
  address: string;
  guestAddress: string;
  nodes: number[];
}

/** Eight initiators that name the GPU, on nodes of its own without memory and CPUs; BAR2 and BAR4; slot 0, function 0. */
function expectWholeGpu(
  { address, guestAddress, nodes }: PlannedGpu,
  lines: readonly Line[],
  bars: object | undefined,
): void {
  const seen = Object.fromEntries(
    lines.filter(({ gpu }) => gpu === address).map(({ what, seen: text }) => [what, text]),
  );
  const domains = `${nodes[0]}-${nodes[7]}`;
  expect(guestAddress).toMatch(/^0000:[0-9a-f]{2}:00\.0$/);
  expect(seen).toMatchObject({
    'PCI function, alone in slot 0 behind its root port': expect.stringMatching(`^${guestAddress} 10de:`),
    [`generic initiators in the SRAT that name ${guestAddress}`]: `8: proximity domains ${domains}`,
    "other devices on the GPU's nodes": 'none',
    'proximity domains with a node that has a generic initiator': domains,
    "the GPU's nodes that have memory or CPUs": 'none',
    ...bars,
  });
}

function read({ status, stdout, stderr }: StepResult) {
  expect(stdout, stderr).toMatch(/^\{/);
  const { result, findings, error } = JSON.parse(stdout);
  expect(error, stderr).toBeUndefined();
  return {
    status,
    findings: findings as { id: string; severity: string; message: string }[],
    lines: result.comparisons as Line[],
    plan: result.plan as { iommufd: boolean; gpus: PlannedGpu[] },
  };
}
