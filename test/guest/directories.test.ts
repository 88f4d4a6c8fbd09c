import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ownDirectory } from '../../src/guest/directories.ts';
import { temporaryDirectory } from './temporary-directory.ts';

describe('a directory where everybody can make one', () => {
  const path = () => join(temporaryDirectory(), 'ghpass-1000');

  test('is made for this user alone, and is there the next time', () => {
    const own = path();
    expect(ownDirectory(own)).toBe(own);
    expect(statSync(own).mode & 0o777).toBe(0o700);
    expect(ownDirectory(own)).toBe(own);
  });

  function expectRefused(own: string, why: string): void {
    const suggestions = [`ls -ld ${own}`, 'export XDG_RUNTIME_DIR=/run/user/$(id -u)   # what a login makes'];
    const message = `${own}, for the sockets of guests, ${why}`;
    const refusal = { exitStatus: 4, code: 'permission.directory', message, suggestions };
    expect(() => ownDirectory(own)).toThrow(expect.objectContaining(refusal));
  }

  test('is refused where there is something else', () => {
    const [file, link] = [path(), path()];
    writeFileSync(file, '');
    expectRefused(file, 'is no directory');
    symlinkSync('/', link);
    expectRefused(link, 'is no directory');
    expectRefused(join(path(), 'below'), 'cannot be made: ENOENT');
  });

  test('is refused where others may write to it', () => {
    const own = path();
    mkdirSync(own);
    chmodSync(own, 0o770);
    expectRefused(own, 'can be written to by others (mode 770)');
  });

  test.skipIf(process.getuid?.() !== 0)('is refused where somebody else was first', () => {
    const own = path();
    mkdirSync(own);
    chownSync(own, 1001, 1001);
    expectRefused(own, 'belongs to user 1001');
  });
});
