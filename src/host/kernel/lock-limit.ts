import { type HostFiles, readTextIfReadable } from '../files.ts';

/** CAP_IPC_LOCK (include/uapi/linux/capability.h): VFIO and iommufd then pin memory whatever the limit is. */
const CAP_IPC_LOCK = 14n;

/** How much memory this process, and the guests that it starts, may keep from being moved or swapped. */
export interface LockLimit {
  /** RLIMIT_MEMLOCK in bytes; null where it is unlimited. */
  bytes: bigint | null;
  /** The process has CAP_IPC_LOCK, as root has. */
  exempt: boolean;
  /** Service of systemd that this process belongs to, whose LimitMEMLOCK it then is; null for a session or a container. */
  unit: string | null;
}

/** @returns null where /proc does not say. */
export function readLockLimit(files: HostFiles): LockLimit | null {
  const limits = readTextIfReadable(files, '/proc/self/limits') ?? '';
  const status = readTextIfReadable(files, '/proc/self/status') ?? '';
  const soft = /^Max locked memory\s+(\d+|unlimited)\s/m.exec(limits)?.[1];
  const capabilities = /^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1];
  const cgroup = readTextIfReadable(files, '/proc/self/cgroup') ?? '';
  if (soft === undefined || capabilities === undefined) return null;
  return {
    bytes: soft === 'unlimited' ? null : BigInt(soft),
    exempt: ((BigInt(`0x${capabilities}`) >> CAP_IPC_LOCK) & 1n) === 1n,
    unit: /:\/system\.slice\/(?:\S*\/)?([\w@.:-]+\.service)(?:\/|$)/m.exec(cgroup)?.[1] ?? null,
  };
}
