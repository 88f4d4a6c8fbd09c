import { linkSync, lstatSync, rmSync, writeFileSync } from 'node:fs';
import { GhpassError } from '../errors.ts';

/**
 * To be called before something takes long for nothing.
 * @throws GhpassError `file.exists`.
 */
export function requireNoFile(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw exists(path);
}

/**
 * Writes a file that appears whole or not at all, and takes the place of no other.
 * @throws GhpassError `file.exists`, `file.unwritable`.
 */
export function writeNewFile(path: string, content: string): void {
  const draft = `${path}.${process.pid}.part`;
  try {
    writeFileSync(draft, content, { flag: 'wx' });
    // A link, unlike a rename, never replaces what somebody else put there meanwhile.
    linkSync(draft, path);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code;
    if (errno === 'EEXIST') throw exists(path);
    throw new GhpassError(errno === 'EACCES' || errno === 'EPERM' ? 'permission' : 'usage', {
      code: 'file.unwritable',
      message: `${path}: ${errno}; nothing was written`,
      cause: error,
    });
  } finally {
    rmSync(draft, { force: true });
  }
}

function exists(path: string): GhpassError {
  return new GhpassError('usage', {
    code: 'file.exists',
    message: `${path} is there already, and is not overwritten`,
    suggestions: ['another name'],
  });
}
