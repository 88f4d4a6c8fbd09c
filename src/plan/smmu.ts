import { GhpassError } from '../errors.ts';
import type { HostFacts } from '../host/facts.ts';
import { compareVersions } from '../host/kernel/kernel.ts';
import { ACCELERATED_SMMU, COMMAND_QUEUES } from '../host/programs/smmu-properties.ts';
import type { ToolFacts } from '../host/programs/tools.ts';
import type { HostSettings } from '../host/settings.ts';
import type { GuestPlan, PlannedSmmu } from './guest-plan.ts';
import type { GuestRequest } from './request.ts';

/** The kernel from which iommufd nests the translations of an SMMUv3; options of older ones say it for themselves. */
const NESTING_KERNEL = [6, 13] as const;
/** What KubeVirt gives to guests on Grace (kubevirt/kubevirt#18011); never tried by ghpass on a board. */
const OF_GRACE = { ats: true, ril: false, ssidsize: 20, oas: 48 } as const;

/** What the choice is made of. */
export interface SmmuInput {
  host: Pick<HostFacts, 'kernel'>;
  settings: Pick<HostSettings, 'iort'>;
  tools: Pick<ToolFacts, 'qemu'>;
  guest: Pick<GuestPlan, 'accelerator' | 'iommufd' | 'hugePageBytes'>;
}

/** Something without which QEMU does not start a guest that has an accelerated SMMUv3. */
export interface SmmuNeed {
  /** Completes "needs". */
  what: string;
  /** Null where nothing that ghpass reads says so. */
  isThere: boolean | null;
  remedy: string;
}

/** All that an accelerated SMMUv3 needs, and what is known of it. */
export function smmuNeeds({ host: { kernel }, settings: { iort }, tools: { qemu }, guest }: SmmuInput): SmmuNeed[] {
  const missing = ACCELERATED_SMMU.filter((property) => !qemu?.smmuProperties.includes(property));
  return [
    { what: 'KVM', isThere: guest.accelerator === 'kvm', remedy: '--accel kvm' },
    { what: 'iommufd as the VFIO path', isThere: guest.iommufd, remedy: '--vfio iommufd' },
    {
      what: `a QEMU whose arm-smmuv3 has ${(missing.length > 0 ? missing : ACCELERATED_SMMU).join(', ')}`,
      isThere: missing.length === 0,
      remedy: 'use QEMU 11.0 or newer',
    },
    {
      what: 'a kernel with CONFIG_ARM_SMMU_V3_IOMMUFD',
      isThere: kernelNests(kernel),
      remedy: 'boot Linux 6.13 or newer that was built with it',
    },
    {
      what: 'an SMMUv3 in the IORT of the firmware',
      isThere: iort === null ? null : iort.smmus.length > 0,
      remedy: 'enable the SMMU in the firmware',
    },
    {
      what: 'an SMMU that translates in two stages and keeps guests from bypassing the caches (its IDR registers, of which the kernel tells only who has the device in iommufd: IOMMU_GET_HW_INFO)',
      isThere: null,
      remedy: 'dmesg | grep arm-smmu-v3   # "ias", "oas", and its features',
    },
  ];
}

/**
 * The SMMUv3 in front of each GPU. `auto` takes it where everything that it needs is known to be there. What the SMMU can do
 * is in no file that ghpass reads, so that is nowhere yet: a guest without one always starts.
 * @throws GhpassError `stack.smmu` where one is asked for, and something is known to be missing.
 */
export function planSmmu(asked: GuestRequest['placement']['smmu'], input: SmmuInput): PlannedSmmu | null {
  if (asked === 'off') return null;
  const needs = smmuNeeds(input);
  if (asked === 'auto' && !needs.every(({ isThere }) => isThere === true)) return null;
  const missing = needs.filter(({ isThere }) => isThere === false);
  if (missing.length === 0) return { ...OF_GRACE, cmdqv: commandQueues(input) };
  throw new GhpassError('check', {
    code: 'stack.smmu',
    message: `an accelerated SMMUv3 needs ${missing.map(({ what }) => what).join('; ')}`,
    suggestions: [...missing.map(({ remedy }) => remedy), '--smmu off'],
  });
}

/** Tegra241's command queues want memory that is contiguous, as huge pages are (NVIDIA/NV-Kernels#305). */
function commandQueues({ tools: { qemu }, guest }: SmmuInput): PlannedSmmu['cmdqv'] {
  const has = qemu?.smmuProperties.includes(COMMAND_QUEUES) ?? false;
  return has && guest.hugePageBytes === null ? 'off' : null;
}

function kernelNests({ config, version }: HostFacts['kernel']): boolean | null {
  if (config !== null) return config.get('ARM_SMMU_V3_IOMMUFD') === 'y';
  return version !== null && compareVersions(version, NESTING_KERNEL) < 0 ? false : null;
}
