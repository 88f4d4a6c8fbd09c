import type { SeenState } from './guest-state.ts';

/** One guest as `list` shows it. */
export interface GuestEntry extends SeenState {
  name: string;
  backend: 'qemu' | 'libvirt';
  /** URI of its libvirt; null where it is a process. */
  uri: string | null;
  /** Null where its definition is not there or not readable. */
  vcpus: number | null;
  memoryBytes: bigint | null;
  gpus: string[];
  /** ghpass made it; otherwise it is somebody else's domain that ghpass gave GPUs to. */
  own: boolean;
}
