import { machine, release } from 'node:os';
import { findFirmware } from './firmware.ts';
import type { Host } from './host.ts';
import { tryKvm } from './kernel/kvm.ts';
import { askLibvirt } from './libvirt/libvirt.ts';
import { localFiles } from './local-files.ts';
import { runHelper } from './programs/helper.ts';
import { askQemu } from './programs/qemu.ts';

/** Opening a device resets it, and a device that was just reset may take 30 s to be ready (nvgrace-gpu/main.c). */
const DEVICE_DEADLINE_MS = 60_000;

/** This machine. */
export function localHost(): Host {
  return {
    source: { kind: 'local', name: 'local', synthetic: null },
    files: localFiles,
    release: release(),
    machine: machine(),
    askLibvirt,
    askDevice: (address) => runHelper(['probe', address], DEVICE_DEADLINE_MS),
    async askTools() {
      const qemu = await askQemu();
      const noKvm = { usable: false, reason: 'no QEMU to try it with', ipaSizeBits: null, cacheablePfnmap: null };
      return { qemu, firmware: await findFirmware(localFiles), kvm: qemu ? await tryKvm() : noKvm };
    },
  };
}
