import { type HostFiles, readTextIfReadable } from '../files.ts';

/** NVIDIA's driver as it shows itself in the kernel that has loaded it. */
export interface NvidiaDriver {
  /** `570.124.06`; null where it does not tell. */
  version: string | null;
  /** Whether it keeps the coherent memory to itself (`CoherentGPUMemoryMode=driver`) instead of giving it to the kernel. */
  keepsMemory: boolean;
  /** What the kernel does with memory that is added (`online_movable`); null where it does not tell. */
  autoOnline: string | null;
}

/** @returns null where the driver is not loaded. */
export function readNvidiaDriver(files: HostFiles): NvidiaDriver | null {
  const version = readTextIfReadable(files, '/proc/driver/nvidia/version');
  const modules = readTextIfReadable(files, '/proc/modules') ?? '';
  if (version === null && !/^nvidia /m.test(modules)) return null;
  const parameters = readTextIfReadable(files, '/proc/driver/nvidia/params') ?? '';
  return {
    version: /\b(\d{3,4}\.\d{1,4}(?:\.\d{1,4})?)\b/.exec(version ?? '')?.[1] ?? null,
    keepsMemory: /^CoherentGPUMemoryMode: "driver"$/m.test(parameters),
    autoOnline: readTextIfReadable(files, '/sys/devices/system/memory/auto_online_blocks'),
  };
}
