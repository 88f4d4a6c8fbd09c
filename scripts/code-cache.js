// Keeps what V8 compiles of dist/main.cjs for a dry run, so that later runs need not. npm runs this when the package is
// installed; without it ghpass starts slower, and works all the same.

import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { bundlePath, codeCachePath, loadBundle } from '../bin/bundle.js';

/** The functions that are compiled by then are what the cache has. */
const WARM_UP = ['create-vm', 'demo', '--host', 'builtin:gh200', '--dry-run', '--emit', 'argv', '--json'];

/** Runs a command inside this process, unheard. A checkout that is not built yet has nothing to keep. */
async function main() {
  if (!existsSync(bundlePath)) return;
  rmSync(codeCachePath, { force: true });
  const { script, exports } = loadBundle();
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...WARM_UP);
  process.stdout.write = () => true;
  await exports.main();
  process.exitCode = 0;
  // A run that starts in between finds no cache, never half of one.
  const file = `${codeCachePath}.${process.pid}`;
  writeFileSync(file, script.createCachedData());
  renameSync(file, codeCachePath);
}

await main();
