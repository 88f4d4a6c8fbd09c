/** Private modes that a terminal has set by itself: repeating keys, wrapping lines, a cursor to be seen (xterm's ctlseqs). */
const SET_BY_ITSELF: ReadonlySet<number> = new Set([7, 8, 25]);
const MODE = sequence('\\[\\?([\\d;]+)([hl])', 'g');
/** Some of these move the cursor or mean something else to other terminals, so that they are undone only where they were seen. */
const OTHERS: readonly [seen: RegExp, undo: string][] = [
  [sequence('\\[\\d*;?\\d*r'), '\x1b7\x1b[r\x1b8'],
  [sequence('\\[4h'), '\x1b[4l'],
  [sequence('\\[20h'), '\x1b[20l'],
  [sequence('\\[>[\\d;]*u'), '\x1b[<9u'],
  [sequence('\\[=[\\d;]*u'), '\x1b[=0u'],
  [sequence('\\[>4;[\\d;]*m'), '\x1b[>4m'],
  [sequence('\\[\\d* q'), '\x1b[0 q'],
  [sequence('\\]4;'), '\x1b]104\x1b\\'],
  [sequence('\\]10;'), '\x1b]110\x1b\\'],
  [sequence('\\]11;'), '\x1b]111\x1b\\'],
  [sequence('\\]12;'), '\x1b]112\x1b\\'],
];
/** What may be the beginning of a sequence; longer ones are not among those that are looked for. */
const UNFINISHED = sequence('[^\\x1b]{0,24}$');
/** Ends a string or sequence that the guest began; then the usual characters, no colours, the usual keys. */
const ALWAYS = '\x1b\\\x0f\x1b(B\x1b[0m\x1b>';

/** Remembers what a guest told the terminal to be, so that it can be undone when the guest does not do it any more. */
export class LeftBehind {
  private readonly modes = new Map<number, boolean>();
  private readonly others = new Set<string>();
  private unfinished = '';

  see(bytes: Uint8Array): void {
    const text = this.unfinished + Buffer.from(bytes).toString('latin1');
    if (text.includes('\x1bc')) this.forget();
    for (const [, numbers = '', set] of text.matchAll(MODE))
      for (const number of numbers.split(';')) this.modes.set(Number(number), set === 'h');
    for (const [seen, undo] of OTHERS) if (seen.test(text)) this.others.add(undo);
    this.unfinished = UNFINISHED.exec(text)?.[0] ?? '';
  }

  /** @returns what makes the terminal as it was. The cursor stays, unless the guest had a screen of its own. */
  undo(): string {
    const changed = [...this.modes].filter(([mode, isSet]) => isSet !== SET_BY_ITSELF.has(mode));
    const modes = changed.map(([mode, isSet]) => `\x1b[?${mode}${isSet ? 'l' : 'h'}`);
    return [ALWAYS, ...this.others, ...modes].join('');
  }

  private forget(): void {
    this.modes.clear();
    this.others.clear();
  }
}

/** What begins with ESC. */
function sequence(pattern: string, flags = ''): RegExp {
  return new RegExp(`\\x1b${pattern}`, flags);
}
