import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Plugin } from '@oclif/core/config';
import { build } from 'esbuild';

/** Where oclif would load a command from; src/ui/load-options.ts says so here. */
const PLACES = new Set(['relativePath', 'isESM']);

/**
 * What each command takes, as oclif keeps it for help, so that a run loads no command but its own.
 * @param {string} root directory of the package.
 * @param {string[]} commands source files, from there.
 * @param {string} directory where the classes may lie for a moment, from there; inside, so that they find what they import.
 */
export async function manifestOf(root, commands, directory) {
  await build({
    absWorkingDir: root,
    entryPoints: commands,
    outdir: join(directory, 'commands'),
    outbase: 'src/commands',
    bundle: true,
    splitting: true,
    chunkNames: '../chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  pjson.oclif.commands = `./${directory}/commands`;
  const plugin = new Plugin({ root, pjson, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  rmSync(join(root, directory), { recursive: true });
  return JSON.stringify(plugin.manifest, (key, value) => (PLACES.has(key) ? undefined : value));
}
