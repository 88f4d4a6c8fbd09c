import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '../../..');
/** Below node_modules, so that the package finds its dependencies as an installed one does. */
const CACHE = join(REPOSITORY, 'node_modules/.cache/ghpass-cli');
const PARTS = ['bin', 'scripts', 'src', 'templates', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

/**
 * ghpass as it is installed, without the native helper: built once for each state of the sources, whichever test comes
 * first.
 * @returns the directory of the package.
 */
export function installedPackage(): string {
  const directory = join(CACHE, fingerprint());
  if (existsSync(directory)) return directory;
  mkdirSync(CACHE, { recursive: true });
  const building = mkdtempSync(join(CACHE, 'building-'));
  for (const part of PARTS) cpSync(join(REPOSITORY, part), join(building, part), { recursive: true });
  execFileSync(process.execPath, [join(building, 'scripts/build.js')], { cwd: building });
  rmSync(join(building, 'src'), { recursive: true });
  // Another test may have built the same meanwhile, and be running it.
  const isOld = (name: string) => !name.startsWith('building-') && name !== basename(directory);
  for (const old of readdirSync(CACHE).filter(isOld)) rmSync(join(CACHE, old), { recursive: true, force: true });
  moveInto(building, directory);
  return directory;
}

/** Where another test built the same at the same time, one of the two is enough. */
function moveInto(building: string, directory: string): void {
  try {
    renameSync(building, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
    rmSync(building, { recursive: true });
  }
}

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const part of PARTS) {
    const path = join(REPOSITORY, part);
    const names = statSync(path).isFile() ? [''] : (readdirSync(path, { recursive: true }) as string[]).sort();
    for (const name of names.filter((file) => statSync(join(path, file)).isFile()))
      hash.update(`\0${part}/${name}\0`).update(readFileSync(join(path, name)));
  }
  return hash.digest('hex').slice(0, 16);
}
