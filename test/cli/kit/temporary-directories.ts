import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/**
 * Gives directories to the tests of one file, and removes them behind the last test: tests that run at the same time cannot
 * be told apart by a hook of their own.
 */
export function temporaryDirectories(): () => string {
  const made: string[] = [];
  afterAll(() => {
    for (const path of made) rmSync(path, { recursive: true, force: true });
  });
  return () => {
    const path = mkdtempSync(join(tmpdir(), 'ghpass-cli-'));
    made.push(path);
    return path;
  };
}
