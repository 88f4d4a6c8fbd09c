import { GhpassError } from '../../errors.ts';
import type { GuestFiles } from '../../qemu/argv/guest-files.ts';
import { Qmp, type QmpEvent } from '../../qemu/qmp.ts';
import { type ProcessIdentity, startTimeOf } from '../journal/process-identity.ts';
import type { Observation, WatchedState } from './observation.ts';
import { ProcessTimes } from './process-times.ts';

/** How long QEMU may take to greet on the socket for events before it is asked on the other one. */
const GREETING_MS = 1_000;
const ANSWER_MS = 900;
/** What goes on answering events is asked now and then whether it still does. */
const TICKS_BETWEEN_QUESTIONS = 10;
const FAILURES_UNTIL_SILENT = 2;
/** What a QEMU that has just ended said last may not be read yet. */
const LAST_WORDS_MS = 200;

/** Events behind which the run state may be another one (qapi/run-state.json, qapi/misc.json). */
const STATE_EVENTS = new Set([
  'STOP',
  'RESUME',
  'RESET',
  'SUSPEND',
  'SUSPEND_DISK',
  'WAKEUP',
  'GUEST_PANICKED',
  'WATCHDOG',
]);

/** RunState of qapi/run-state.json, where it is not a kind of pause. */
const STATES: Readonly<Record<string, WatchedState>> = {
  running: 'running',
  'guest-panicked': 'panicked',
  'internal-error': 'failed',
  'io-error': 'failed',
  shutdown: 'off',
};

/** Reasons of SHUTDOWN (ShutdownCause in qapi/run-state.json) that are no orderly end. */
const DEATHS = new Set(['guest-panic', 'host-error']);

const TAKEN = 'another program listens to its events: asked once a second instead';

/**
 * One QEMU from when it is found until it is gone. Listens to its events; while another client has that socket, it waits
 * in line there and asks on the other socket with short connections.
 */
export class QemuSession {
  private events: Qmp | null = null;
  private times: ProcessTimes | null = null;
  private threads: { vcpu: number; thread: number }[] = [];
  private readonly ending = new AbortController();
  private shutdownReason: string | null = null;
  private isAsking = false;
  private failures = 0;
  private hasAnswered = false;
  private ticks = 0;
  private mayPoll = false;
  private watching: 'events' | 'polling' | null = null;
  private isEnding = false;

  constructor(
    readonly process: ProcessIdentity,
    private readonly files: GuestFiles,
    private readonly see: (observation: Observation) => void,
    private readonly onGone: () => void,
  ) {
    this.see({ type: 'state', state: 'starting', detail: null });
    void this.listen();
  }

  /** Once a second. */
  tick(): void {
    if (startTimeOf(this.process.pid) !== this.process.startTime) {
      setTimeout(() => this.end(), LAST_WORDS_MS).unref();
      return;
    }
    const sample = this.times?.read() ?? null;
    if (sample && sample.residentBytes === null) this.tellEnding();
    else if (sample) this.see({ type: 'sample', ...sample });
    this.ticks += 1;
    if (this.isAsking) return;
    if (this.events === null ? this.mayPoll : this.ticks % TICKS_BETWEEN_QUESTIONS === 0) void this.ask();
  }

  close(): void {
    this.ending.abort();
    this.events?.close();
    this.times?.close();
    this.times = null;
  }

  /** QEMU answers a second client of a socket when the first one has left, and so takes this one then. */
  private async listen(): Promise<void> {
    const { signal } = this.ending;
    const timer = setTimeout(() => {
      this.mayPoll = true;
    }, GREETING_MS);
    try {
      const qmp = await Qmp.open(this.files.eventsSocket, signal, { onEvent: (event) => this.hear(event) });
      this.events = qmp;
      this.mayPoll = false;
      this.tellWatching('events');
      void qmp.closed.then(() => this.onClosed());
      await this.query(qmp);
    } catch {
      // Nobody listens there: a QEMU of an older ghpass, or too many in the line.
      this.mayPoll = true;
    } finally {
      clearTimeout(timer);
    }
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    const signal = AbortSignal.any([this.ending.signal, AbortSignal.timeout(ANSWER_MS)]);
    try {
      if (this.events) await withDeadline(this.query(this.events), signal);
      else {
        const qmp = await Qmp.open(this.files.qmpSocket, signal);
        try {
          await qmp.until(signal, () => this.query(qmp));
        } finally {
          qmp.close();
        }
        if (this.events === null) this.tellWatching('polling');
      }
      this.failures = 0;
    } catch {
      this.failures += 1;
      if (this.hasAnswered && this.failures >= FAILURES_UNTIL_SILENT && !this.ending.signal.aborted)
        this.see({
          type: 'state',
          state: 'silent',
          detail: `process ${this.process.pid} is there, and QMP does not answer`,
        });
    } finally {
      this.isAsking = false;
    }
  }

  /** The state, and what the guest is made of where that is not known yet. */
  private async query(qmp: Qmp): Promise<void> {
    const status = (await qmp.execute('query-status')) as { status?: unknown };
    const word = typeof status?.status === 'string' ? status.status : 'unknown';
    if (!this.hasAnswered) {
      this.hasAnswered = true;
      await this.queryThreads(qmp);
    }
    if (this.ending.signal.aborted) return;
    this.isEnding = false;
    this.see({
      type: 'state',
      state: STATES[word] ?? 'paused',
      detail: word === 'running' || word === 'paused' ? null : word,
    });
  }

  private async queryThreads(qmp: Qmp): Promise<void> {
    const cpus = (await qmp.execute('query-cpus-fast').catch(() => [])) as {
      'cpu-index': number;
      'thread-id': number;
    }[];
    this.threads = cpus.map(({ 'cpu-index': vcpu, 'thread-id': thread }) => ({ vcpu, thread }));
    if (this.ending.signal.aborted) return;
    try {
      this.times = new ProcessTimes(this.process.pid, this.threads);
    } catch {
      // It is ending, or belongs to somebody else: then there is no load to show.
    }
    const sample = this.times?.read();
    if (sample?.residentBytes) this.see({ type: 'sample', ...sample });
    const balloon = (await qmp.execute('query-balloon').catch(() => null)) as { actual?: unknown } | null;
    this.tellBalloon(balloon?.actual);
  }

  private hear({ name, data }: QmpEvent): void {
    this.see({ type: 'event', name, data });
    if (name === 'SHUTDOWN') this.shutdownReason = typeof data.reason === 'string' ? data.reason : 'unknown';
    if (name === 'BALLOON_CHANGE') this.tellBalloon(data.actual);
    if (STATE_EVENTS.has(name) && this.events) void this.query(this.events).catch(() => undefined);
  }

  private tellBalloon(actual: unknown): void {
    if (Number.isSafeInteger(actual)) this.see({ type: 'balloon', actualBytes: BigInt(actual as number) });
  }

  private tellWatching(by: 'events' | 'polling'): void {
    if (this.watching === by) return;
    this.watching = by;
    this.see({ type: 'watching', by, note: by === 'polling' ? TAKEN : null });
  }

  /** QEMU closes its sockets when it ends; where it goes on all the same, it can still be asked. */
  private onClosed(): void {
    if (this.ending.signal.aborted) return;
    this.events = null;
    this.mayPoll = true;
    if (startTimeOf(this.process.pid) !== this.process.startTime) this.end();
    else this.tellEnding();
  }

  private tellEnding(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    const detail = this.shutdownReason ?? 'without a word';
    this.see({ type: 'state', state: 'ending', detail });
  }

  private end(): void {
    if (this.ending.signal.aborted) return;
    this.close();
    const { pid } = this.process;
    const isDeath = this.shutdownReason === null || DEATHS.has(this.shutdownReason);
    const detail = this.shutdownReason ?? `QEMU (process ${pid}) ended and said nothing: killed, or crashed`;
    this.see({ type: 'state', state: isDeath ? 'died' : 'off', detail });
    this.see({ type: 'watching', by: 'nothing', note: null });
    this.onGone();
  }
}

async function withDeadline(answer: Promise<void>, signal: AbortSignal): Promise<void> {
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener(
      'abort',
      () => reject(new GhpassError('timeout', { code: 'qmp.timeout', message: 'late' })),
      {
        once: true,
      },
    );
  });
  await Promise.race([answer, late]);
}
