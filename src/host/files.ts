import { GhpassError } from '../errors.ts';
import { shellWord } from './programs/shell-word.ts';

/**
 * The files of one host, by absolute path. A path that does not exist reads as null (an empty list for a directory):
 * absent means "not known". Anything else that keeps a file from being read is thrown as {@link UnreadableFileError}.
 */
export interface HostFiles {
  readBytes(path: string): Uint8Array | null;
  /** Names in a directory, sorted; empty where there is no such directory. */
  list(path: string): string[];
  /** The target of a symbolic link as it is written; null where the path is no link. */
  readLink(path: string): string | null;
}

/**
 * A file that exists but gave no content: the errno is part of what the host says. Readers that can do without the file take
 * it for "not known"; where none does, `host.unreadable-file` is what the user sees.
 */
export class UnreadableFileError extends GhpassError {
  constructor(
    readonly path: string,
    /** Symbolic errno, for example `EACCES`. */
    readonly errno: string,
  ) {
    super(errno === 'EACCES' || errno === 'EPERM' ? 'permission' : 'check', {
      code: 'host.unreadable-file',
      message: `${path} cannot be read: ${errno}`,
      suggestions: [`ls -ld ${shellWord(path)}`],
    });
  }
}

/** The text of a file without the newline that sysfs adds; null where the file is absent. */
export function readText(files: HostFiles, path: string): string | null {
  const bytes = files.readBytes(path);
  if (bytes === null) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

/** As {@link readText}, and null also where the file exists and cannot be read. */
export function readTextIfReadable(files: HostFiles, path: string): string | null {
  return ifReadable(() => readText(files, path));
}

/** As `readBytes`, and null also where the file exists and cannot be read. */
export function readBytesIfReadable(files: HostFiles, path: string): Uint8Array | null {
  return ifReadable(() => files.readBytes(path));
}

function ifReadable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableFileError) return null;
    throw error;
  }
}

/** The last component of a symbolic link's target: how sysfs names a driver, a group or a class member. */
export function readLinkName(files: HostFiles, path: string): string | null {
  const target = files.readLink(path);
  return target === null ? null : (target.split('/').at(-1) ?? null);
}
