import type { FirmwareFacts } from '../firmware.ts';
import type { KvmFacts } from '../kernel/kvm.ts';
import type { QemuFacts } from './qemu.ts';

/** What no file shows: the software that will run the guest. Captured as `ghpass/tools.json`. */
export interface ToolFacts {
  /** Null where no qemu-system-aarch64 is installed. */
  qemu: QemuFacts | null;
  /** UEFI images for the virt machine, the preferred one first. */
  firmware: FirmwareFacts[];
  kvm: KvmFacts;
}
