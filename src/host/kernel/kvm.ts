import { runHelper } from '../programs/helper.ts';
import { QEMU_BINARY } from '../programs/qemu.ts';
import { runTool } from '../programs/run-tool.ts';

/** What KVM can do for a Grace guest. */
export interface KvmFacts {
  /** A guest ran its instructions. `/dev/kvm` alone proves nothing: nested or broken KVM dies at the first of them. */
  usable: boolean;
  /** Why it is not usable; null where it is. */
  reason: string | null;
  /** Physical address bits of a guest (KVM_CAP_ARM_VM_IPA_SIZE); null where KVM does not say. */
  ipaSizeBits: number | null;
  /** Device memory can be mapped cacheable into a guest (KVM capability 243, Linux 6.17); null where not asked. */
  cacheablePfnmap: boolean | null;
}

/** Well inside the RAM of the virt machine: at its start QEMU puts the device tree (hw/arm/boot.c). */
const CODE_START = 0x4200_0000;
/**
 * `mov w0, PSCI SYSTEM_OFF; hvc #0; b .`, two instructions per word: the shortest guest that can prove that it ran.
 */
const POWER_OFF_CODE = ['0x72b0800052800100', '0x14000000d4000002'];
const DEADLINE_MS = 20_000;
/** Steps of the helper without which there is no guest; the others only ask what KVM can do. */
const NEEDED_STEPS = new Set(['kvm-open', 'kvm-version', 'kvm-create-vm']);

/** Tries KVM with a guest of four instructions that powers itself off. */
export async function tryKvm(): Promise<KvmFacts> {
  const asked = JSON.parse(await runHelper(['kvm'], DEADLINE_MS)) as {
    kvm: { ipaSizeBits: number | null; cacheablePfnmap: number | null } | null;
    error: { step: string; errno: number; path: string | null } | null;
  };
  const { kvm, error } = asked;
  const canMakeGuests = error === null || !NEEDED_STEPS.has(error.step);
  const reason = canMakeGuests ? await runGuest() : `${error.path}: ${error.step} failed with errno ${error.errno}`;
  return {
    usable: reason === null,
    reason,
    ipaSizeBits: kvm?.ipaSizeBits ?? null,
    cacheablePfnmap: kvm?.cacheablePfnmap == null ? null : kvm.cacheablePfnmap > 0,
  };
}

/** @returns null where the guest powered itself off, else what was seen instead. */
async function runGuest(): Promise<string | null> {
  try {
    const argv = ['-cpu', 'host', ...powerOffGuest('kvm,gic-version=host')];
    const run = await runTool(QEMU_BINARY, argv, { deadlineMs: DEADLINE_MS });
    return run.status === 0 ? null : `a KVM guest ended with status ${run.status}: ${run.stderr.split('\n')[0] ?? ''}`;
  } catch (error) {
    return `a KVM guest of four instructions did not power itself off: ${(error as Error).message}`;
  }
}

/**
 * Arguments of QEMU for a guest that does nothing but power itself off, after which QEMU ends with status 0.
 * @param accelerator value of `-machine virt,accel=`.
 */
export function powerOffGuest(accelerator: string): string[] {
  const code = POWER_OFF_CODE.flatMap((data, i) => [
    '-device',
    `loader,addr=${CODE_START + 8 * i},data=${data},data-len=8`,
  ]);
  return [
    ...['-machine', `virt,accel=${accelerator}`, '-m', '64M', '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-no-reboot', ...code, '-device', `loader,addr=${CODE_START},cpu-num=0`],
  ];
}
