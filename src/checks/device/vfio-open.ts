import { errnoName } from '../../vfio/errno.ts';
import type { FailedStep } from '../../vfio/protocol.ts';
import type { NotKnown, Observation } from '../check.ts';
import { about, type DeviceCheck, type DeviceFacts, NOT_OPENED, predictedSizes } from './facts.ts';

const REFERENCE = 'Documentation/driver-api/vfio.rst';
const LOOKS_AT = 'the system calls that open the device through VFIO, and their errno';

/** Steps at which the kernel hands out the device, and so at which somebody else can already have it. */
const EXCLUSIVE_STEPS = new Set(['group-open', 'cdev-open', 'iommufd-bind', 'group-container', 'container-iommu']);

export const vfioPerms: DeviceCheck = {
  id: 'vfio.perms',
  severity: 'fail',
  title: 'The nodes of VFIO may be opened',
  looksAt: LOOKS_AT,
  needsDevice: true,
  reference: REFERENCE,
  observe: (facts) =>
    failed(facts, isPermission, (step) => [
      `${describeStep(step)}: no permission; ${predictedSizes(facts)}`,
      `sudo ghpass probe ${facts.gpu.pci.address}`,
    ]),
};

export const vfioBusy: DeviceCheck = {
  id: 'vfio.busy',
  severity: 'fail',
  title: 'Nobody else has the device open',
  looksAt: LOOKS_AT,
  needsDevice: true,
  reference: REFERENCE,
  observe: (facts) =>
    failed(facts, isBusy, (step) => [
      `${describeStep(step)}: in use, by a running guest or another program; ${predictedSizes(facts)}`,
      `fuser -v ${step.path ?? '/dev/vfio/*'}`,
      `ghpass probe ${facts.gpu.pci.address} --no-open`,
    ]),
};

export const vfioOpenFailed: DeviceCheck = {
  id: 'vfio.open-failed',
  severity: 'fail',
  title: 'VFIO opens the device',
  looksAt: LOOKS_AT,
  needsDevice: true,
  reference: REFERENCE,
  observe: (facts) =>
    failed(
      facts,
      (step) => !isPermission(step) && !isBusy(step),
      (step) => [`${describeStep(step)}; ${predictedSizes(facts)}`, `dmesg | grep -e ${facts.gpu.pci.address} -e vfio`],
    ),
};

function failed(
  facts: DeviceFacts,
  applies: (step: FailedStep) => boolean,
  say: (step: FailedStep) => string[],
): Observation[] | NotKnown {
  const { notOpened } = facts.gpu;
  if (notOpened !== null && notOpened.reason !== 'failed') return NOT_OPENED;
  if (notOpened === null || !applies(notOpened.step)) return [];
  const [message = '', ...remedy] = say(notOpened.step);
  return about(facts, message, ...remedy);
}

/**
 * EPERM is a matter of rights only where a node is opened (noiommu, device cgroups); at the later steps it means that
 * another driver owns the group, or that interrupts are not isolated, and root gets it as well.
 */
function isPermission({ step, errno }: FailedStep): boolean {
  const name = errnoName(errno);
  return name === 'EACCES' || (name === 'EPERM' && step.endsWith('-open'));
}

/** A cdev that is open elsewhere answers EINVAL to the bind, everything else EBUSY. */
function isBusy({ step, errno }: FailedStep): boolean {
  const name = errnoName(errno);
  return EXCLUSIVE_STEPS.has(step) && (name === 'EBUSY' || (name === 'EINVAL' && step === 'iommufd-bind'));
}

/** A step of the helper that failed, in words. */
export function describeStep({ step, errno, path }: FailedStep): string {
  const where = `${step}${path ? ` ${path}` : ''}`;
  /** Errno 0: the call succeeded, and what it answered ended the work. */
  return errno === 0 ? `${where}: the kernel's answer is no` : `${where} failed with ${errnoName(errno)} (${errno})`;
}
