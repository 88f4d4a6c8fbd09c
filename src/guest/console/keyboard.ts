import { GhpassError } from '../../errors.ts';
import { type Holder, holderOf, Lock } from '../journal/lock.ts';
import type { ConsoleLine } from './line.ts';

export interface KeyboardOptions {
  /** Where the locks are. */
  locks: string;
  /** The guest, in the names of locks. */
  subject: string;
  /** What others see of whoever has it. */
  command: string;
  open(): Promise<ConsoleLine>;
  tell(line: string): void;
}

const LOOK_MS = 500;
const ENTER = 0x0d;

/** The right to type to a guest. One viewer has it; the others look on, are told who has it, and when it is free. */
export class Keyboard {
  private lock: Lock | null = null;
  private line: ConsoleLine | null = null;
  private holder: Holder | null = null;
  private watching: NodeJS.Timeout | null = null;
  private isTaking = false;

  constructor(private readonly options: KeyboardOptions) {}

  /** @returns the line where nobody else has it, null after having said who. */
  async take(): Promise<ConsoleLine | null> {
    if (this.line || this.isTaking) return this.line;
    this.isTaking = true;
    try {
      this.lock = this.lockIt();
      this.line = this.lock && (await this.open());
    } finally {
      this.isTaking = false;
    }
    if (this.line) {
      clearInterval(this.watching ?? undefined);
      this.watching = null;
    } else this.watching ??= setInterval(() => this.look(), LOOK_MS);
    return this.line;
  }

  /** @returns whether Enter was typed by somebody who has no line. */
  type(keys: Uint8Array): boolean {
    this.line?.type(keys);
    return this.line === null && keys.includes(ENTER);
  }

  resize(columns: number, rows: number): void {
    this.line?.resize(columns, rows);
  }

  release(): void {
    clearInterval(this.watching ?? undefined);
    this.line?.close();
    this.lock?.release();
    this.lock = null;
  }

  private lockIt(): Lock | null {
    const { locks, subject, command } = this.options;
    try {
      return Lock.take(locks, subject, command);
    } catch (error) {
      if (!(error instanceof GhpassError) || error.code !== 'journal.busy') throw error;
      this.holder = holderOf(locks, subject);
      const who = this.holder ? `process ${this.holder.pid} (${this.holder.command})` : 'another ghpass';
      this.options.tell(`read only: ${who} has the keyboard`);
      return null;
    }
  }

  private async open(): Promise<ConsoleLine | null> {
    try {
      return await this.options.open();
    } catch (error) {
      this.lock?.release();
      this.lock = null;
      if (!(error instanceof GhpassError) || error.code !== 'console.taken') throw error;
      this.options.tell(`read only: ${error.message}: ${error.suggestions.join(', ')}`);
      return null;
    }
  }

  private look(): void {
    if (this.holder === null || holderOf(this.options.locks, this.options.subject)) return;
    this.options.tell(`process ${this.holder.pid} has left: the keyboard is free, Enter takes it`);
    this.holder = null;
  }
}
