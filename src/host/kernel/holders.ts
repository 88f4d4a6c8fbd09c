import { type HostFiles, readBytesIfReadable, readTextIfReadable, UnreadableFileError } from '../files.ts';
import type { PciFunction } from '../pci/pci.ts';

/** A process that has a node of a GPU open. */
export interface Holder {
  pid: number;
  /** Name of the program, as the kernel cuts it: 15 characters. */
  comm: string;
  /** The systemd unit that can be stopped; null where it is none, as of a program that a user started. */
  unit: string | null;
  /** What it has open of the GPU, sorted. */
  paths: string[];
}

export interface Holders {
  holders: Holder[];
  /** Processes whose open files may not be looked at: whether they hold the GPU is not known. */
  unreadable: number;
}

/** Daemons of NVIDIA by what `comm` shows of them, for where no cgroup names the unit. */
const KNOWN_DAEMONS: readonly (readonly [commStart: string, unit: string])[] = [
  ['nvidia-persiste', 'nvidia-persistenced.service'],
  ['nv-hostengine', 'nvidia-dcgm.service'],
  ['nv-fabricmanage', 'nvidia-fabricmanager.service'],
  ['nvidia-mig-mana', 'nvidia-mig-manager.service'],
  ['nvidia-imex', 'nvidia-imex.service'],
  ['nvsm', 'nvsm.service'],
];

/**
 * Finds who has a GPU open: its VFIO group or character device, its DRM nodes, and the nodes of NVIDIA's driver where that
 * one has it. Looks at the open files of every process, so it is asked only where the answer matters.
 */
export function findHolders(files: HostFiles, pci: PciFunction): Holders {
  const isOfGpu = nodesOf(files, pci);
  const holders: Holder[] = [];
  let unreadable = 0;
  for (const name of files.list('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const open = openFiles(files, `/proc/${name}`);
    if (open === null) unreadable += 1;
    const paths = isOfGpu(open ?? []);
    if (paths.length > 0) holders.push(describe(files, Number(name), paths));
  }
  return { holders: holders.sort((a, b) => a.pid - b.pid), unreadable };
}

/** @returns null where they may not be looked at; none for a process that has ended in the meantime. */
function openFiles(files: HostFiles, directory: string): string[] | null {
  try {
    return files.list(`${directory}/fd`).flatMap((name) => files.readLink(`${directory}/fd/${name}`) ?? []);
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    // Links of a process that is no more answer EACCES (fs/proc/base.c, proc_fd_access_allowed).
    return readBytesIfReadable(files, `${directory}/stat`) === null ? [] : null;
  }
}

/** @returns which of the paths that one process has open are the GPU's. */
function nodesOf(files: HostFiles, pci: PciFunction): (open: readonly string[]) => string[] {
  const directory = `/sys/bus/pci/devices/${pci.address}`;
  const own = new Set([
    ...files.list(`${directory}/drm`).map((name) => `/dev/dri/${name}`),
    ...files.list(`${directory}/vfio-dev`).map((name) => `/dev/vfio/devices/${name}`),
    ...(pci.iommuGroup === null ? [] : [`/dev/vfio/${pci.iommuGroup}`]),
  ]);
  const minor = pci.driver === 'nvidia' ? readMinor(files, pci.address) : 'not-of-nvidia';
  return (open) => [...new Set(open.filter((path) => own.has(path)).concat(nvidiaNodes(open, minor)))].sort();
}

/**
 * `/dev/nvidiaN` belongs to one GPU, everything else of `/dev/nvidia*` to all of them: a process that has only other GPUs'
 * nodes beside those does not hold this one.
 */
function nvidiaNodes(open: readonly string[], minor: number | null | 'not-of-nvidia'): string[] {
  if (minor === 'not-of-nvidia') return [];
  const nodes = open.filter((path) => path.startsWith('/dev/nvidia'));
  const numbered = nodes.filter((path) => /^\/dev\/nvidia\d+$/.test(path));
  const isOwn = (path: string) => minor === null || path === `/dev/nvidia${minor}`;
  if (numbered.length > 0 && !numbered.some(isOwn)) return [];
  return nodes.filter((path) => !numbered.includes(path) || isOwn(path));
}

/** @returns null where NVIDIA's driver does not tell: then every `/dev/nvidiaN` may be the GPU's. */
function readMinor(files: HostFiles, address: string): number | null {
  const information = readTextIfReadable(files, `/proc/driver/nvidia/gpus/${address}/information`) ?? '';
  const [, minor] = /^Device Minor:\s*(\d+)$/m.exec(information) ?? [];
  return minor === undefined ? null : Number(minor);
}

function describe(files: HostFiles, pid: number, paths: string[]): Holder {
  const comm = readTextIfReadable(files, `/proc/${pid}/comm`) ?? '';
  const cgroup = readTextIfReadable(files, `/proc/${pid}/cgroup`) ?? '';
  const [, unit = null] = /\/system\.slice\/(?:.*\/)?([^/\n]+\.service)(?:\/|$)/m.exec(cgroup) ?? [];
  const known = KNOWN_DAEMONS.find(([start]) => comm.startsWith(start))?.[1] ?? null;
  return { pid, comm, unit: unit ?? known, paths };
}

/** One holder as it stands in a message. */
export function holderText({ pid, comm, unit, paths }: Holder): string {
  return `${comm} (process ${pid}${unit ? `, ${unit}` : ''}) has ${paths.join(', ')} open`;
}

/** What to paste: units are stopped; what becomes of a program is for its user to say. */
export function holderRemedy(holders: readonly Holder[]): string[] {
  const units = [...new Set(holders.flatMap(({ unit }) => unit ?? []))];
  const pids = holders.filter(({ unit }) => unit === null).map(({ pid }) => pid);
  return [
    ...(units.length > 0 ? [`systemctl stop ${units.join(' ')}`] : []),
    ...(pids.length > 0 ? [`ps -fp ${pids.join(',')}   # end them if they may go: kill ${pids.join(' ')}`] : []),
  ];
}
