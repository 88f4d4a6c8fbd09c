import { existsSync, readFileSync } from 'node:fs';
import { commandWordsOf, type ProcessIdentity, startTimeOf } from '../journal/process-identity.ts';
import type { ProcessGuest } from '../life/find-guest.ts';
import { ConsoleTail } from './console-tail.ts';
import type { GuestWatch } from './guest-watch.ts';
import type { Observation } from './observation.ts';
import { QemuSession } from './qemu-session.ts';
import { startedAtMs } from './started-at.ts';

/** Watches a guest whose QEMU is a process of ghpass: each QEMU of it that comes and goes. */
export class ProcessWatch implements GuestWatch {
  private session: QemuSession | null = null;
  private readonly console: ConsoleTail;
  private isTold = false;

  constructor(
    private readonly guest: ProcessGuest,
    private readonly see: (observation: Observation) => void,
  ) {
    this.console = new ConsoleTail(guest.files.consoleLog);
  }

  tick(): void {
    if (this.session === null) this.look();
    else this.session.tick();
    const added = this.console.read();
    if (added) this.see({ type: 'console', ...added });
  }

  close(): void {
    this.session?.close();
    this.session = null;
  }

  private look(): void {
    const { files } = this.guest;
    const found = processOf(files.pidFile);
    if (found === null) {
      if (!this.isTold) this.see(absence(files.pidFile));
      this.isTold = true;
      return;
    }
    this.isTold = true;
    this.see({ type: 'started', pid: found.pid, startedAtMs: startedAtMs(found.startTime) });
    this.session = new QemuSession(found, files, this.see, () => {
      this.session = null;
    });
  }
}

function absence(pidFile: string): Observation {
  if (!existsSync(pidFile)) return { type: 'state', state: 'off', detail: `there is no ${pidFile}` };
  return { type: 'state', state: 'died', detail: `the process that ${pidFile} names has ended` };
}

/** The file stays when QEMU is killed, and the number may be somebody else's by then. */
function processOf(pidFile: string): ProcessIdentity | null {
  const pid = Number(read(pidFile));
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  const startTime = startTimeOf(pid);
  return startTime !== null && commandWordsOf(pid).includes(pidFile) ? { pid, startTime } : null;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
