import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileTree } from '../../../src/host/memory-files.ts';

/** Writes a made-up host into a directory: what `ghpass snapshot` would leave of a real one. */
export function writeTree(tree: FileTree, directory: string): void {
  const place = (path: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    return join(directory, path);
  };
  for (const [path, content] of Object.entries(tree.files)) writeFileSync(place(path), content);
  for (const [path, target] of Object.entries(tree.links)) symlinkSync(target, place(path));
}
