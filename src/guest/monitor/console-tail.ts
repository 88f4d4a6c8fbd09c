import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

/** What is read at the start, and at most each time: a guest can write faster than anybody reads. */
const MAX_BYTES = 64 << 10;
/** Of a line that does not end: a guest can also write no newline at all. */
const MAX_LINE_CHARACTERS = 4096;
const FIRST_LINES = 50;

export interface ConsoleLines {
  lines: string[];
  /** What was written since the last look and is not among the lines, because it was too much. */
  skippedBytes: number;
}

/** What was added to a console log since the last look. The log may appear, be cut, and be replaced by another. */
export class ConsoleTail {
  private inode = -1;
  private offset = 0;
  private decoder = new StringDecoder('utf8');
  private unfinished = '';

  constructor(private readonly path: string) {}

  /** @returns null where nothing was added. A log that cannot be read is one to which nothing is. */
  read(): ConsoleLines | null {
    const now = statSync(this.path, { throwIfNoEntry: false });
    if (now === undefined || (now.ino === this.inode && now.size === this.offset)) return null;
    let file: number;
    try {
      file = openSync(this.path, 'r');
    } catch {
      return null;
    }
    try {
      return this.readFrom(file);
    } finally {
      closeSync(file);
    }
  }

  private readFrom(file: number): ConsoleLines | null {
    const { ino, size } = fstatSync(file);
    const isFirst = this.inode === -1;
    if (ino !== this.inode || size < this.offset) this.restart(ino);
    const start = Math.max(this.offset, size - MAX_BYTES);
    const skipped = start - this.offset;
    if (skipped > 0) this.restart(ino);
    const bytes = Buffer.alloc(size - start);
    const read = readSync(file, bytes, 0, bytes.length, start);
    this.offset = start + read;
    const lines = this.linesOf(bytes.subarray(0, read));
    if (!isFirst) return lines.length > 0 || skipped > 0 ? { lines, skippedBytes: skipped } : null;
    // The lines before the monitor came are no loss of it.
    return lines.length > 0 ? { lines: lines.slice(-FIRST_LINES), skippedBytes: 0 } : null;
  }

  private restart(inode: number): void {
    this.inode = inode;
    this.offset = 0;
    this.decoder = new StringDecoder('utf8');
    this.unfinished = '';
  }

  private linesOf(bytes: Buffer): string[] {
    const parts = `${this.unfinished}${this.decoder.write(bytes)}`.split('\n');
    this.unfinished = (parts.pop() ?? '').slice(-MAX_LINE_CHARACTERS);
    return parts.map(plainLine);
  }
}

/**
 * One line of a guest as text that does nothing to a terminal: without escape sequences and control characters, and with what
 * stands behind the last carriage return.
 */
export function plainLine(line: string): string {
  const visible = line.slice(0, MAX_LINE_CHARACTERS).replace(/\r+$/, '');
  const last = visible.slice(visible.lastIndexOf('\r') + 1);
  return stripVTControlCharacters(withoutCommands(last))
    .replaceAll('\t', '  ')
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '');
}

/** Node 20 leaves a part of what sets the title of a terminal and the like (OSC in ECMA-48, 8.3.89). */
function withoutCommands(line: string): string {
  const [before = '', ...commands] = line.split('\u001b]');
  const behind = commands.map((command) => {
    const ends = ['\u0007', '\u001b\\'].flatMap((end) =>
      command.includes(end) ? [command.indexOf(end) + end.length] : [],
    );
    return command.slice(Math.min(...ends, command.length));
  });
  return `${before}${behind.join('')}`;
}
