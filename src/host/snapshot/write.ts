import { linkSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { GhpassError } from '../../errors.ts';
import type { FileTree } from '../memory-files.ts';

/** Whether a name stands for one file; any other is that of a directory. */
export function isArchiveName(path: string): boolean {
  return /\.(tar\.gz|tgz)$/.test(path);
}

/**
 * To be called before a device is opened for nothing.
 * @throws GhpassError `snapshot.exists`.
 */
export function requireFree(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw exists(path);
}

/**
 * Writes a snapshot, readable for its owner only: a file, or a directory, by its name. It appears whole or not at all.
 * @returns its size in bytes.
 * @throws GhpassError `snapshot.exists`, `snapshot.unwritable`.
 */
export async function writeSnapshot(tree: FileTree, path: string): Promise<number> {
  if (!isArchiveName(path)) return writing(path, (draft) => writeDirectory(tree, draft, path));
  const { packSnapshot } = await import('./archive.ts');
  const bytes = await packSnapshot(tree);
  return writing(path, (draft) => writeArchive(bytes, draft, path));
}

/** What is in the making lies beside it under another name. Nothing here waits, so no signal comes between. */
function writing(path: string, write: (draft: string) => number): number {
  requireFree(path);
  const draft = `${path}.${process.pid}.part`;
  try {
    return write(draft);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code;
    if (errno === 'EEXIST' || errno === 'ENOTEMPTY') throw exists(path);
    if (errno === undefined) throw error;
    throw new GhpassError(errno === 'EACCES' || errno === 'EPERM' ? 'permission' : 'usage', {
      code: 'snapshot.unwritable',
      message: `${path}: ${errno}; nothing was written`,
      suggestions: ['ghpass snapshot -o /tmp/ghpass-snapshot.tar.gz'],
      cause: error,
    });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** A link, unlike a rename, never replaces what somebody else put there meanwhile. */
function writeArchive(bytes: Uint8Array, draft: string, path: string): number {
  writeFileSync(draft, bytes, { flag: 'wx', mode: 0o600 });
  linkSync(draft, path);
  return bytes.length;
}

function writeDirectory(tree: FileTree, draft: string, path: string): number {
  let sizeBytes = 0;
  mkdirSync(draft, { mode: 0o700 });
  const place = (file: string) => {
    mkdirSync(dirname(draft + file), { recursive: true, mode: 0o700 });
    return draft + file;
  };
  for (const [file, content] of Object.entries(tree.files)) {
    writeFileSync(place(file), content, { mode: 0o600 });
    sizeBytes += content.length;
  }
  for (const [file, target] of Object.entries(tree.links)) symlinkSync(target, place(file));
  renameSync(draft, path);
  return sizeBytes;
}

function exists(path: string): GhpassError {
  return new GhpassError('usage', {
    code: 'snapshot.exists',
    message: `${path} is there already, and is not overwritten`,
    suggestions: ['ghpass snapshot -o FILE.tar.gz   # another name'],
  });
}
