import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

const BLOCK_BYTES = 64 << 10;
/** inotify tells of everything that is written; this is for file systems that do not, and for a log that was replaced. */
const LOOK_MS = 1_000;

/**
 * Reads a log from an offset on, and goes on as it grows. A log that was cut is read from its beginning again, and one
 * that was put aside for a new one (virtlogd does that) is followed by the new one.
 * @param ended aborted when nothing more will be written: what is there is read, and then it is over.
 * @throws the error of the system where the log cannot be opened.
 */
export async function* followLog(path: string, from: number, ended: AbortSignal): AsyncGenerator<Uint8Array> {
  const wake = new Wake(path);
  ended.addEventListener('abort', wake.now);
  let file = await open(path, 'r');
  let offset = from;
  try {
    for (;;) {
      const isLast = ended.aborted;
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(BLOCK_BYTES), 0, BLOCK_BYTES, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
      if (isLast) return;
      const replaced = await replacementOf(file, path);
      if (replaced) {
        await file.close();
        file = replaced;
        offset = 0;
        wake.watchAgain();
      } else if ((await file.stat()).size < offset) offset = 0;
      else await wake.next();
    }
  } finally {
    ended.removeEventListener('abort', wake.now);
    wake.close();
    await file.close();
  }
}

/** @returns null where the path leads to the same file, or nowhere. */
async function replacementOf(file: FileHandle, path: string): Promise<FileHandle | null> {
  const there = await stat(path).catch(() => null);
  const { ino, dev } = await file.stat();
  if (there === null || (there.ino === ino && there.dev === dev)) return null;
  return open(path, 'r').catch(() => null);
}

/** What wakes the reader: a change that came before it sleeps counts, too. */
class Wake {
  private watcher: FSWatcher | null = null;
  private isDue = false;
  private resolve: (() => void) | null = null;

  constructor(private readonly path: string) {
    this.watchAgain();
  }

  readonly now = () => {
    this.isDue = true;
    this.resolve?.();
  };

  watchAgain(): void {
    this.watcher?.close();
    try {
      this.watcher = watch(this.path, this.now).on('error', () => this.watcher?.close());
    } catch {
      // No watch is left on this machine, or the file just went away: the clock does it.
      this.watcher = null;
    }
  }

  async next(): Promise<void> {
    if (!this.isDue) {
      const timer = setTimeout(this.now, LOOK_MS);
      await new Promise<void>((resolve) => {
        this.resolve = resolve;
      });
      clearTimeout(timer);
    }
    this.isDue = false;
    this.resolve = null;
  }

  close(): void {
    this.watcher?.close();
  }
}
