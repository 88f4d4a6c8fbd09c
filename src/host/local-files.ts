import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { HostFiles } from './files.ts';
import { UnreadableFileError } from './files.ts';

/** Errors of a path that is not there, or (ENXIO, ENODEV) of an attribute whose device went away while it was read. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENXIO', 'ENODEV']);

/** The files of this machine. */
export const localFiles: HostFiles = {
  readBytes: (path) => read(path, () => readFileSync(path), null),
  list: (path) => read(path, () => readdirSync(path).sort(), []),
  readLink: (path) => read(path, () => readlinkSync(path), null, ['EINVAL']),
};

function read<T, A>(path: string, operation: () => T, absent: A, alsoAbsent: readonly string[] = []): T | A {
  try {
    return operation();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
    if (ABSENT.has(errno) || alsoAbsent.includes(errno)) return absent;
    throw new UnreadableFileError(path, errno);
  }
}
