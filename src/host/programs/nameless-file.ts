import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import { shellWord } from './shell-word.ts';

/**
 * A file that only this user can read, and that has no name any more: nothing stays of it, however ghpass ends.
 * @returns its descriptor. Other processes open it from its beginning, as `/proc/self/fd/0` where it is their input, or else
 * in the `fd` of this one.
 * @throws GhpassError `file.unwritable` where the directory for temporary files takes none.
 */
export function openNameless(content: string): number {
  try {
    const directory = mkdtempSync(join(tmpdir(), 'ghpass-'));
    try {
      const file = join(directory, 'content');
      writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
      return openSync(file, 'r');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  } catch (error) {
    const { code: errno, syscall } = error as NodeJS.ErrnoException;
    throw new GhpassError(errno === 'EACCES' ? 'permission' : 'tool', {
      code: 'file.unwritable',
      message: `no temporary file in ${tmpdir()}: ${syscall}: ${errno}`,
      suggestions: [`df ${shellWord(tmpdir())}`, 'export TMPDIR=/var/tmp'],
      cause: error,
    });
  }
}
