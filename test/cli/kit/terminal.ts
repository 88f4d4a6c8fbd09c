import xterm from '@xterm/headless';
import { spawn } from 'node-pty';
import { afterAll } from 'vitest';

export interface TerminalOptions {
  columns?: number;
  rows?: number;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

export interface TerminalEnd {
  status: number;
  /** Zero where no signal ended it. */
  signal: number;
}

/** What a program has told the terminal to be, beside what is on its screen. */
export interface TerminalModes {
  alternateScreen: boolean;
  bracketedPaste: boolean;
  cursorHidden: boolean;
  mouse: 'none' | 'x10' | 'vt200' | 'drag' | 'any';
  /** Whether text that is written from now on is plain. */
  plainText: boolean;
}

/** A terminal as a person has it: a program in a pseudo-terminal, and an emulator that draws what it writes. */
export interface TestTerminal {
  pid: number;
  /** The screen from its top, without blanks at the ends of lines and empty lines at the bottom. */
  screen(): string[];
  /** As {@link TestTerminal.screen}, with what has left it at the top. */
  history(): string[];
  /** Everything that the program wrote, one character for each byte (latin1). */
  written(): string;
  modes(): TerminalModes;
  /** Types keys: text as it is, control keys as the bytes that they send (`\x1d` is Ctrl-]). */
  type(keys: string | Uint8Array): void;
  resize(columns: number, rows: number): void;
  /** Takes nothing of what the program writes any more, until it is let go, as behind a network that does not answer. */
  hold(): void;
  letGo(): void;
  signal(name: NodeJS.Signals): void;
  /** Waits for a text or pattern on the screen, whose lines are joined by newlines. Throws with the screen where none comes. */
  shows(text: string | RegExp, patienceMs?: number): Promise<void>;
  ended: Promise<TerminalEnd>;
}

/** A busy machine takes its time, and a test that waits that long has failed anyway. */
const PATIENCE_MS = 20_000;
const SCROLLBACK_LINES = 10_000;
const ENVIRONMENT = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' };

const started: (() => void)[] = [];
afterAll(() => {
  for (const kill of started) kill();
});

/** Starts a program in a terminal. What still runs behind the last test of the file is ended. */
export function startTerminal(words: readonly string[], options: TerminalOptions = {}): TestTerminal {
  const { columns: cols = 80, rows = 24, env = {}, cwd = process.cwd() } = options;
  const [command = '', ...args] = words;
  const emulator = new xterm.Terminal({
    cols,
    rows,
    scrollback: SCROLLBACK_LINES,
    allowProposedApi: true,
    logLevel: 'off',
  });
  const size = { cols, rows, cwd, encoding: null, name: 'xterm-256color' };
  const pty = spawn(command, args, { ...size, env: { ...ENVIRONMENT, ...env } });
  const written: Uint8Array[] = [];
  const drawn = new EventTarget();
  let isGone = false;
  /** Set when the last that it wrote is on the screen. */
  let end: TerminalEnd | null = null;
  let isCursorHidden = false;
  for (const [final, hidden] of [
    ['h', false],
    ['l', true],
  ] as const) {
    emulator.parser.registerCsiHandler({ prefix: '?', final }, (params) => {
      if (params.includes(25)) isCursorHidden = hidden;
      return false;
    });
  }
  // Without an encoding, what comes are bytes, whatever the declaration says.
  pty.onData((data) => {
    const bytes = data as unknown as Uint8Array;
    written.push(bytes);
    emulator.write(bytes, () => drawn.dispatchEvent(new Event('draw')));
  });
  emulator.onData((answer) => isGone || pty.write(answer));
  const ended = new Promise<TerminalEnd>((resolve) => {
    pty.onExit(({ exitCode, signal = 0 }) => {
      isGone = true;
      emulator.write('', () => {
        end = { status: exitCode, signal };
        drawn.dispatchEvent(new Event('draw'));
        resolve(end);
      });
    });
  });
  const signal = (name: NodeJS.Signals) => isGone || pty.kill(name);
  started.push(() => signal('SIGKILL'));
  const screen = () => linesOf(emulator, emulator.buffer.active.baseY);
  const holds = (text: string | RegExp) => {
    const shown = screen().join('\n');
    return typeof text === 'string' ? shown.includes(text) : text.test(shown);
  };
  return {
    pid: pty.pid,
    ended,
    screen,
    history: () => linesOf(emulator, 0),
    written: () => Buffer.concat(written).toString('latin1'),
    modes: () => ({
      alternateScreen: emulator.buffer.active.type === 'alternate',
      bracketedPaste: emulator.modes.bracketedPasteMode,
      cursorHidden: isCursorHidden,
      mouse: emulator.modes.mouseTrackingMode,
      plainText: isPlain(emulator),
    }),
    type: (keys) => pty.write(typeof keys === 'string' ? keys : Buffer.from(keys)),
    resize(columns, lines) {
      emulator.resize(columns, lines);
      pty.resize(columns, lines);
    },
    hold: () => pty.pause(),
    letGo: () => pty.resume(),
    signal,
    shows: (text, patienceMs = PATIENCE_MS) =>
      new Promise((resolve, reject) => {
        const settle = (why: string | null) => {
          clearTimeout(timer);
          drawn.removeEventListener('draw', look);
          if (why === null) resolve();
          else reject(new Error(`${why} without ${text} on its screen:\n${screen().join('\n')}`));
        };
        const look = () => {
          if (holds(text)) settle(null);
          else if (end) settle(`${words.join(' ')} ended with ${JSON.stringify(end)}`);
        };
        const timer = setTimeout(() => settle(`${patienceMs} ms went by`), patienceMs);
        drawn.addEventListener('draw', look);
        look();
      }),
  };
}

function linesOf({ buffer: { active: buffer }, rows }: xterm.Terminal, from: number): string[] {
  const lines = Array.from({ length: buffer.baseY + rows - from }, (_, i) =>
    buffer
      .getLine(from + i)
      ?.translateToString(true)
      .trimEnd(),
  );
  return lines.slice(0, lines.findLastIndex(Boolean) + 1).map((line) => line ?? '');
}

/** The emulator shows the colours of what is drawn, and not those of what would be drawn next. */
function isPlain(emulator: xterm.Terminal): boolean {
  const { _core: core } = emulator as unknown as {
    _core: { _inputHandler: { _curAttrData: { fg: number; bg: number } } };
  };
  const { fg, bg } = core._inputHandler._curAttrData;
  return fg === 0 && bg === 0;
}
