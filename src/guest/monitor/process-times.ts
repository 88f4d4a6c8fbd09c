import { closeSync, openSync, readSync } from 'node:fs';

/** Fields of /proc/PID/task/TID/stat, counted behind the command name (proc(5)). */
const USER_TIME_FIELD = 11;
const SYSTEM_TIME_FIELD = 12;
/** sysconf(_SC_CLK_TCK), which is 100 on every architecture of Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Longer than either file. */
const buffer = Buffer.alloc(4096);

/**
 * Files below /proc of one process that stay open: each reading is a single system call, and never another process's, because
 * an open file of a process that has ended belongs to nobody who comes later.
 */
export class ProcessTimes {
  private readonly memory: number;
  private readonly threads: { vcpu: number; file: number }[];

  /**
   * @param threads of the vCPUs, by kernel id.
   * @throws the error of the system where the process or one of the threads is gone.
   */
  constructor(pid: number, threads: readonly { vcpu: number; thread: number }[]) {
    this.memory = openSync(`/proc/${pid}/status`, 'r');
    this.threads = [];
    try {
      for (const { vcpu, thread } of threads)
        this.threads.push({ vcpu, file: openSync(`/proc/${pid}/task/${thread}/stat`, 'r') });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * @returns null where the process is gone, and `residentBytes` null where it has no memory any more: the kernel takes that
   * first, and closes sockets when it is done (do_exit in kernel/exit.c), which with hundreds of GiB takes its time.
   */
  read(): { vcpus: { vcpu: number; cpuMs: number }[]; residentBytes: bigint | null } | null {
    const status = textOf(this.memory);
    if (status === null) return null;
    const vcpus = this.threads.flatMap(({ vcpu, file }) => {
      const ticks = ticksOf(file);
      return ticks === null ? [] : [{ vcpu, cpuMs: (ticks * 1000) / TICKS_PER_SECOND }];
    });
    const [, resident] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    // Huge pages of a file system of their own are no part of the resident set (proc(5)).
    const [, huge = '0'] = /^HugetlbPages:\s+(\d+) kB$/m.exec(status) ?? [];
    const residentBytes = resident === undefined ? null : (BigInt(resident) + BigInt(huge)) << 10n;
    return { vcpus, residentBytes };
  }

  close(): void {
    for (const file of [this.memory, ...this.threads.map(({ file: open }) => open)]) closeSync(file);
  }
}

function ticksOf(file: number): number | null {
  const text = textOf(file);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', SYSTEM_TIME_FIELD + 1);
  return Number(fields[USER_TIME_FIELD]) + Number(fields[SYSTEM_TIME_FIELD]);
}

/** @returns null for a process that is gone (ESRCH). */
function textOf(file: number): string | null {
  try {
    return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
  } catch {
    return null;
  }
}
