import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { GhpassError } from '../errors.ts';
import type { GuestBoot } from '../plan/guest-plan.ts';
import { DEFAULT_PLACEMENT, type PlacementRequest, requireHugePages } from '../plan/request.ts';
import { Flags } from '../ui/oclif.ts';

/** How the devices are opened. */
export const vfioFlag = {
  vfio: Flags.option({
    options: ['group', 'iommufd'] as const,
    description: 'VFIO path; iommufd where kernel and QEMU can, if none is named',
  })(),
};

/** Flags of the commands that start a guest. */
export const guestFlags = {
  ...vfioFlag,
  gpu: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'ADDRESS',
    description: 'GPU for the guest; may be left out where the host has exactly one',
  }),
  vcpus: Flags.integer({ min: 1, max: 512, helpValue: 'NUMBER', description: 'number of vCPUs' }),
  accel: Flags.option({
    options: ['kvm', 'tcg'] as const,
    description: 'accelerator; KVM is tried where none is named',
  })(),
  hugepages: Flags.string({
    default: 'none',
    helpValue: 'SIZE|auto|none',
    description: 'memory of the guest in huge pages of this size; auto: of the size that fits best',
  }),
  pin: Flags.boolean({
    allowNo: true,
    default: DEFAULT_PLACEMENT.pin,
    description: "keep the guest's threads on the CPUs of its GPUs' sockets",
  }),
  smmu: Flags.option({
    options: ['auto', 'on', 'off'] as const,
    default: DEFAULT_PLACEMENT.smmu,
    description:
      'accelerated SMMUv3 for the guest in front of each GPU; auto: where all that it needs is known to be there',
  })(),
  bind: Flags.boolean({ default: false, description: 'bind the GPUs to the variant driver where they are not' }),
  timeout: Flags.integer({ min: 1, helpValue: 'SECONDS', description: 'deadline; derived from the memory by default' }),
};

/** `--hugepages`, `--pin` and `--smmu` as the plan wants them. */
export function placementOf(flags: Omit<PlacementRequest, 'hugePages'> & { hugepages: string }): PlacementRequest {
  const { hugepages, pin, smmu } = flags;
  return { hugePages: requireHugePages(hugepages), pin, smmu };
}

/** `--timeout` in milliseconds; null where the deadline is to be derived. */
export function deadlineOf(timeout: number | undefined): number | null {
  return timeout === undefined ? null : timeout * 1000;
}

/** `--vfio` as the plan wants it. */
export function iommufdOf(vfio: 'group' | 'iommufd' | undefined): boolean | null {
  return vfio === undefined ? null : vfio === 'iommufd';
}

/**
 * Memory of a guest, as text: what oclif's own parser refuses loses its code and remedy, so the commands read it by
 * `requireMemorySize`.
 */
export const memoryFlag = (fallback: string) =>
  Flags.string({ default: fallback, helpValue: 'SIZE', description: 'memory of the guest, as in 64G' });

/** What the guest boots, from the flags of `create-vm`. Paths are made absolute: QEMU runs elsewhere. */
export function bootOf(flags: {
  kernel?: string | undefined;
  initrd?: string | undefined;
  append?: string | undefined;
  disk?: string[] | undefined;
}): GuestBoot {
  const path = (text: string) => resolve(requirePlainPath(text));
  return {
    kernel: flags.kernel === undefined ? null : path(flags.kernel),
    initrd: flags.initrd === undefined ? null : path(flags.initrd),
    append: flags.append ?? null,
    disks: (flags.disk ?? []).map((text) => ({ path: path(text), format: diskFormat(path(text)) })),
  };
}

/** A newline in a path would end up in logs and journals as a line of its own. */
export function requirePlainPath(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (text !== '' && !/[\u0000-\u001f\u007f]/.test(text)) return text;
  throw new GhpassError('usage', {
    code: 'path.invalid',
    message: `${JSON.stringify(text)} is no usable path: it is empty or has control characters`,
  });
}

/** By the first bytes of the file, as QEMU would; by its name where there is no file yet. */
function diskFormat(path: string): 'qcow2' | 'raw' {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return path.endsWith('.qcow2') ? 'qcow2' : 'raw';
  const file = openSync(path, 'r');
  const magic = Buffer.alloc(4);
  readSync(file, magic, 0, 4, 0);
  closeSync(file);
  return magic.toString('latin1') === 'QFI\u00fb' ? 'qcow2' : 'raw';
}
