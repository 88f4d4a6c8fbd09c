import { describe, expect, test } from 'vitest';
import { GRACE_KERNEL_CONFIG } from '../../src/host/builtin/gh200.ts';
import { writeIort } from '../../src/host/builtin/iort-writer.ts';
import type { ToolFacts } from '../../src/host/programs/tools.ts';
import { DEFAULT_PLACEMENT, type GuestRequest } from '../../src/plan/request.ts';
import { smmuNeeds } from '../../src/plan/smmu.ts';
import { renderArgv } from '../../src/qemu/argv/argv.ts';
import {
  blackwell,
  board,
  type FileChanges,
  graceHost,
  hopper,
  MIB,
  openMadeUp,
  TOOLS,
} from '../fixtures/grace-host.ts';
import { FILES, planFacts } from '../fixtures/plan.ts';

const CONFIG = { ...GRACE_KERNEL_CONFIG, ARM_SMMU_V3_IOMMUFD: 'y' };
/** Linux 6.19 that nests; iommufd is used by itself. */
const host = (kernelConfig: Readonly<Record<string, string>> = CONFIG, changes: FileChanges = {}) =>
  openMadeUp(graceHost([hopper()], { release: '6.19.0', kernelConfig }), changes);
const asking = (smmu: GuestRequest['placement']['smmu'], changes: Partial<GuestRequest> = {}) => ({
  request: { ...changes, placement: { ...DEFAULT_PLACEMENT, smmu, ...changes.placement } },
});
const qemu = (version: [number, number, number], smmuProperties: string[]): ToolFacts => {
  return { ...TOOLS, qemu: TOOLS.qemu && { ...TOOLS.qemu, version, smmuProperties } };
};
const smmuWords = (argv: readonly string[]) => argv.filter((word) => word.startsWith('arm-smmuv3'));

test('an SMMU is in front of each GPU where it is asked for, with what Grace has', async () => {
  const four = openMadeUp(graceHost(board(4, blackwell), { release: '6.19.0', kernelConfig: CONFIG }));
  const { plan } = await planFacts(four, asking('on'));
  expect(plan.iommufd).toBe(true);
  const properties = 'accel=on,ats=on,ril=off,ssidsize=20,oas=48,cmdqv=off';
  const argv = renderArgv(plan, FILES);
  expect(smmuWords(argv)).toEqual(
    [0, 1, 2, 3].map((i) => `arm-smmuv3,id=smmu${i},primary-bus=expander${i},${properties}`),
  );
  // On its bus it is before anything that it translates for.
  const devices = argv.flatMap((word) => /^(pxb-pcie|arm-smmuv3|pcie-root-port|vfio-pci),/.exec(word)?.[1] ?? []);
  expect(devices.slice(0, 4)).toEqual(['pxb-pcie', 'arm-smmuv3', 'pcie-root-port', 'vfio-pci']);
});

describe('command queues', () => {
  test('are left to QEMU where the guest has huge pages', async () => {
    const placement = { ...DEFAULT_PLACEMENT, hugePages: 512n * MIB };
    const { plan } = await planFacts(host(), asking('on', { placement: { ...placement, smmu: 'on' } }));
    expect(plan.gpus[0]?.smmu).toEqual({ ats: true, ril: false, ssidsize: 20, oas: 48, cmdqv: null });
    expect(smmuWords(renderArgv(plan, FILES))).toEqual([
      'arm-smmuv3,id=smmu0,primary-bus=expander0,accel=on,ats=on,ril=off,ssidsize=20,oas=48',
    ]);
  });

  test('are not spoken of to a QEMU that knows none', async () => {
    const tools = qemu([11, 0, 1], ['primary-bus', 'accel', 'ats', 'ril', 'ssidsize', 'oas']);
    const { plan } = await planFacts(host(), { ...asking('on'), tools });
    expect(plan.gpus[0]?.smmu?.cmdqv).toBeNull();
  });
});

describe('no SMMU is planned', () => {
  test.each(['off', 'auto'] as const)('with %s, whatever is there', async (smmu) => {
    const { plan } = await planFacts(host(), asking(smmu));
    expect(plan.gpus.map((gpu) => gpu.smmu)).toEqual([null]);
    expect(smmuWords(renderArgv(plan, FILES))).toEqual([]);
  });
});

describe('an SMMU that is asked for is refused with all that is missing:', () => {
  const NO_IORT = { files: { '/sys/firmware/acpi/tables/IORT': writeIort([]) } };
  test.each<[string, Parameters<typeof planFacts>, string, string[]]>([
    ['KVM', [host(), asking('on', { accelerator: 'tcg' })], 'KVM', ['--accel kvm']],
    ['iommufd', [host(), asking('on', { iommufd: false })], 'iommufd as the VFIO path', ['--vfio iommufd']],
    [
      'QEMU 10.0',
      [host(), { ...asking('on'), tools: qemu([10, 0, 2], ['primary-bus']) }],
      'a QEMU whose arm-smmuv3 has accel, ats, ril, ssidsize, oas',
      ['use QEMU 11.0 or newer'],
    ],
    [
      'a kernel that was built without it',
      [host(GRACE_KERNEL_CONFIG), asking('on')],
      'a kernel with CONFIG_ARM_SMMU_V3_IOMMUFD',
      ['boot Linux 6.13 or newer that was built with it'],
    ],
    [
      'firmware without an SMMU',
      [host(CONFIG, NO_IORT), asking('on')],
      'an SMMUv3 in the IORT of the firmware',
      ['enable the SMMU in the firmware'],
    ],
    [
      'all of them, but for QEMU',
      [host(GRACE_KERNEL_CONFIG, NO_IORT), asking('on', { accelerator: 'tcg', iommufd: false })],
      'KVM; iommufd as the VFIO path; a kernel with CONFIG_ARM_SMMU_V3_IOMMUFD; an SMMUv3 in the IORT of the firmware',
      [
        '--accel kvm',
        '--vfio iommufd',
        'boot Linux 6.13 or newer that was built with it',
        'enable the SMMU in the firmware',
      ],
    ],
  ])('%s', async (_title, [where, options], missing, suggestions) => {
    await expect(planFacts(where, options)).rejects.toThrow(
      expect.objectContaining({
        kind: 'check',
        code: 'stack.smmu',
        message: `an accelerated SMMUv3 needs ${missing}`,
        suggestions: [...suggestions, '--smmu off'],
      }),
    );
  });
});

describe('whether a kernel nests translations', () => {
  const knownOf = async (release: string, config: string | null) => {
    const spec = graceHost([hopper()], { release, kernelConfig: CONFIG });
    const changes = config === null ? { files: { [`/boot/config-${release}`]: null } } : {};
    const { host: facts, settings, tools, plan } = await planFacts(openMadeUp(spec, changes), asking('off'));
    const needs = smmuNeeds({ host: facts, settings, tools, guest: plan });
    return needs.find(({ what }) => what.startsWith('a kernel'))?.isThere;
  };

  test.each<[string, string | null, boolean | null]>([
    ['6.12.107', null, false],
    ['6.13.0', null, null],
    ['', null, null],
    ['6.12.107', 'as it was built', true],
  ])('%j, options %j: %j', async (release, config, expected) => {
    expect(await knownOf(release, config)).toBe(expected);
  });
});
