import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryDirectory {
  path: string;
  remove: () => void;
}

/** A directory of the test's own; `remove` goes to `onTestFinished`, or is returned from `beforeAll`. */
export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), 'ghpass-vfio-helper-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
