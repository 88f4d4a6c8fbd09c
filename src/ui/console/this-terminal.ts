import { spawnSync } from 'node:child_process';
import type { Leave, Viewer } from '../../guest/console/viewer.ts';
import { guardTerminal, type TerminalGuard } from '../terminal-guard.ts';
import type { EscapeKey } from './escape-key.ts';
import { LeftBehind } from './left-behind.ts';

/** The base of all commands says that they came, and leaves. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** As a shell has it for SIGQUIT, which nobody else catches. */
const QUIT_STATUS = 131;
const LINE_FEED = 0x0a;

/** Node's own handle of a terminal; its streams wait for the terminal unless the handle is told otherwise. */
interface TerminalHandle {
  setBlocking(isBlocking: boolean): void;
}

/**
 * The terminal that ghpass was started in, given over to a guest: every key and every byte passes as it is. It becomes what
 * it was when the viewer leaves, when a signal ends ghpass, when an exception does and when it is killed.
 */
export class ThisTerminal implements Viewer {
  readonly left: Promise<Leave>;
  readonly leaveKey: string;
  private leave: (why: Leave) => void = () => undefined;
  private hasLeft = false;
  private isGivenBack = false;
  private isAtLineStart = true;
  private listener: ((keys: Uint8Array) => void) | null = null;
  private typedEarly: Uint8Array[] = [];
  private readonly leftBehind = new LeftBehind();

  static async take(escapeKey: EscapeKey): Promise<ThisTerminal> {
    return new ThisTerminal(escapeKey, await guardTerminal(new LeftBehind().undo()));
  }

  private constructor(
    private readonly escapeKey: EscapeKey,
    private readonly guard: TerminalGuard,
  ) {
    this.leaveKey = escapeKey.label;
    this.left = new Promise((resolve) => {
      this.leave = (why) => {
        this.hasLeft = true;
        resolve(why);
      };
    });
    process.on('exit', this.giveBack).on('uncaughtExceptionMonitor', this.giveBack).on('SIGCONT', this.takeRaw);
    process.on('SIGQUIT', () => process.exit(QUIT_STATUS));
    for (const signal of ENDING) process.prependListener(signal, this.giveBack);
    const gone = () => this.leave('gone');
    process.stdin.on('data', this.hear).on('end', gone).on('error', gone);
    process.stdout.on('error', gone);
    process.stderr.on('error', gone);
    handleOf(process.stdout)?.setBlocking(false);
    this.takeRaw();
  }

  get rows(): number {
    return process.stdout.rows;
  }

  get columns(): number {
    return process.stdout.columns;
  }

  /** A terminal that does not take what is written, as one behind a slow network, holds up nothing but this. */
  async show(bytes: Uint8Array): Promise<void> {
    if (this.hasLeft || bytes.length === 0) return;
    this.leftBehind.see(bytes);
    this.guard.setUndo(this.leftBehind.undo());
    this.isAtLineStart = bytes.at(-1) === LINE_FEED;
    if (process.stdout.write(bytes)) return;
    await Promise.race([this.left, new Promise((resolve) => process.stdout.once('drain', resolve))]);
  }

  tell(line: string): void {
    process.stderr.write(`${this.isAtLineStart ? '' : '\r\n'}[${line}]\r\n`);
    this.isAtLineStart = true;
  }

  onKeys(listener: (keys: Uint8Array) => void): void {
    this.listener = listener;
    for (const keys of this.typedEarly.splice(0)) listener(keys);
  }

  onResize(listener: (columns: number, rows: number) => void): void {
    process.stdout.on('resize', () => listener(this.columns, this.rows));
  }

  /** Lets another program have the terminal, which reads the keys itself. */
  async lend<T>(action: () => Promise<T>): Promise<T> {
    process.stdin.off('data', this.hear).pause();
    try {
      return await action();
    } finally {
      this.isAtLineStart = false;
    }
  }

  /** Makes the terminal what it was, and reads no keys any more. */
  readonly giveBack = (): void => {
    if (this.isGivenBack) return;
    this.isGivenBack = true;
    this.hasLeft = true;
    process.off('SIGCONT', this.takeRaw);
    process.stdin.off('data', this.hear).pause();
    process.stdout.write(`${this.leftBehind.undo()}${this.isAtLineStart ? '' : '\r\n'}`);
    process.stdin.setRawMode(false);
    this.guard.release();
  };

  /** Node's raw mode still makes CR LF of each LF, which moves the cursor of a guest that uses LF to go down. */
  private readonly takeRaw = (): void => {
    process.stdin.setRawMode(false).setRawMode(true);
    spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  };

  private readonly hear = (keys: Uint8Array): void => {
    const found = this.escapeKey.pattern.exec(Buffer.from(keys).toString('latin1'));
    const meant = found ? keys.subarray(0, found.index) : keys;
    if (meant.length > 0) {
      if (this.listener) this.listener(meant);
      else this.typedEarly.push(meant);
    }
    if (found) this.leave('detached');
  };
}

function handleOf(stream: NodeJS.WriteStream): TerminalHandle | undefined {
  return (stream as unknown as { _handle?: TerminalHandle })._handle;
}
