import { setTimeout as sleep } from 'node:timers/promises';
import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { followLog } from './follow-log.ts';
import type { GuestConsole } from './guest-console.ts';
import { Keyboard } from './keyboard.ts';
import type { ConsoleLine } from './line.ts';
import { tailOf, type Wanted } from './log-tail.ts';
import { watchForUnlogged } from './unlogged.ts';
import type { Leave, Viewer } from './viewer.ts';
import { WithoutQuestions } from './without-questions.ts';

export interface ViewOptions {
  /** How much of the log comes first; null for what the viewer has room for. */
  wanted: Wanted | null;
  readOnly: boolean;
  /** Where the locks are. */
  locks: string;
  /** What others see of whoever has the keyboard. */
  command: string;
}

/** Lines that ghpass says itself, and the one with the cursor. */
const OWN_LINES = 3;
/** A QEMU that ends closes its sockets first. */
const ENDING_MS = 3_000;
const LOOK_AGAIN_MS = 50;

/**
 * Shows what a guest wrote and writes, and sends it what is typed, until the viewer leaves or the guest ends.
 *
 * What is shown comes from the log alone, where there is one: QEMU writes each byte to the client of its console and to
 * the log (chardev/char.c), so that past and present are one file, without a gap or a byte twice. The line takes keys.
 * @throws GhpassError `console.taken` where there is nothing to show without the line, `console.lost`, and what opening
 * the line or the log throws.
 */
export async function viewConsole(guest: GuestConsole, viewer: Viewer, options: ViewOptions): Promise<Leave | 'ended'> {
  const view = new ConsoleView(guest, viewer, options);
  const close = () => view.close();
  process.on('exit', close);
  try {
    return await view.run();
  } finally {
    process.off('exit', close);
    close();
  }
}

class ConsoleView {
  private readonly keyboard: Keyboard;
  private readonly ended = new AbortController();
  /** Aborted when the log is not worth to be read any more. */
  private readonly unfollowed = new AbortController();
  private readonly ticker: NodeJS.Timeout;
  private fail: (error: unknown) => void = () => undefined;

  constructor(
    private readonly guest: GuestConsole,
    private readonly viewer: Viewer,
    private readonly options: ViewOptions,
  ) {
    const size = { columns: viewer.columns ?? 80, rows: viewer.rows ?? 24 };
    this.keyboard = new Keyboard({
      locks: options.locks,
      subject: guest.subject,
      command: options.command,
      open: () => guest.open(size),
      tell: (line) => viewer.tell(line),
    });
    this.ticker = setInterval(() => void this.look(), guest.lookMs);
  }

  async run(): Promise<Leave | 'ended'> {
    const { guest, viewer, options } = this;
    const leave = viewer.leaveKey === null ? '' : `: ${viewer.leaveKey} leaves, and the guest goes on`;
    viewer.tell(`console of ${guest.name} (${guest.where})${leave}`);
    const failed = new Promise<never>((_, reject) => {
      this.fail = reject;
    });
    const tail = guest.log === null ? null : tailOf(guest.log, options.wanted ?? screenful(viewer));
    const types = viewer.leaveKey !== null && !options.readOnly;
    if (tail === null) viewer.tell('what the guest wrote before is not known here');
    const line = types || tail === null ? await this.take() : null;
    if (line === null && tail === null) throw nothingToShow(guest.name);
    if (types) viewer.onKeys((keys) => this.keyboard.type(keys) && this.takeNow());
    viewer.onResize((columns, rows) => this.keyboard.resize(columns, rows));
    return Promise.race([viewer.left, failed, this.untilEnded(tail)]);
  }

  close(): void {
    clearInterval(this.ticker);
    this.keyboard.release();
    this.ended.abort();
  }

  private async take(): Promise<ConsoleLine | null> {
    const line = await this.keyboard.take();
    if (line === null) return null;
    line.ended.then(() => this.lineEnded()).catch(this.fail);
    const show = (bytes: Uint8Array) => this.viewer.show(bytes);
    if (this.guest.log === null) line.onOutput(show);
    else watchForUnlogged(line, this.guest.log, { show, giveUp: () => this.giveUpLog() });
    return line;
  }

  private takeNow(): void {
    this.take()
      .then((line) => line && this.viewer.tell('the keyboard is yours'))
      .catch(this.fail);
  }

  private giveUpLog(): void {
    this.viewer.tell(`${this.guest.log} does not grow any more (is its disk full?): what follows comes from the line`);
    this.unfollowed.abort();
  }

  private async untilEnded(tail: { from: number; size: number } | null): Promise<'ended'> {
    const { log } = this.guest;
    if (log !== null && tail !== null) await this.showLog(log, tail);
    if (!this.ended.signal.aborted) await once(this.ended.signal);
    return 'ended';
  }

  /** Questions in what is past were meant for the terminal of that time. */
  private async showLog(log: string, { from, size }: { from: number; size: number }): Promise<void> {
    const past = new WithoutQuestions();
    let offset = from;
    let isPast = offset < size;
    const end = AbortSignal.any([this.ended.signal, this.unfollowed.signal]);
    for await (const bytes of followLog(log, from, end)) {
      const old = bytes.subarray(0, Math.max(0, size - offset));
      offset += bytes.length;
      if (isPast) await this.viewer.show(past.take(old));
      if (isPast && offset >= size) await this.viewer.show(past.rest());
      isPast &&= offset < size;
      if (old.length < bytes.length) await this.viewer.show(bytes.subarray(old.length));
    }
  }

  private async look(): Promise<void> {
    try {
      if (!(await this.guest.isRunning())) this.ended.abort();
    } catch (error) {
      this.fail(error);
    }
  }

  private async lineEnded(): Promise<void> {
    const deadline = Date.now() + ENDING_MS;
    while (!this.ended.signal.aborted && Date.now() < deadline) {
      await this.look();
      await sleep(LOOK_AGAIN_MS);
    }
    if (!this.ended.signal.aborted) throw lost(this.guest.name);
  }
}

/** How much of a log a viewer has room for. */
export function screenful({ rows }: Viewer): Wanted {
  return rows === null ? 'all' : { lines: Math.max(1, rows - OWN_LINES) };
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function nothingToShow(name: string): GhpassError {
  return new GhpassError('check', {
    code: 'console.taken',
    message: `somebody else has the console of ${name}, and its log is out of reach`,
    suggestions: [`ghpass attach ${shellWord(name)}   # when they have left`],
  });
}

function lost(name: string): GhpassError {
  return new GhpassError('tool', {
    code: 'console.lost',
    message: `${name} runs on, but its console was closed from the other end`,
    suggestions: [`ghpass attach ${shellWord(name)}`],
  });
}
