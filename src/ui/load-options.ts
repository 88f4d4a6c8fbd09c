import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Interfaces } from '@oclif/core';
import { packageRoot } from '../host/programs/package-root.ts';

/**
 * What oclif would otherwise search the file system for, at every start. There is one plugin, ghpass itself: a tool that
 * root runs loads no code from a home directory.
 * @param load gives the class of a command, by its id.
 */
export function loadOptions(load: (id: string) => Promise<Command.Class>): Interfaces.LoadOptions {
  const root = packageRoot();
  const plugin = ownPlugin(root, load);
  return { root, plugins: new Map([[plugin.name, plugin]]) };
}

/** The commands as the build listed them, so that only the one that runs is loaded. */
function ownPlugin(root: string, load: (id: string) => Promise<Command.Class>): Interfaces.Plugin {
  const pjson: Interfaces.PJSON = readJson(join(root, 'package.json'));
  const manifest: Interfaces.Manifest = readJson(join(root, 'dist/oclif.manifest.json'));
  const { name, version } = pjson;
  const plugin: Interfaces.Plugin = {
    _base: '',
    alias: name,
    commandIDs: Object.keys(manifest.commands),
    commands: Object.values(manifest.commands).map((command) => ({
      ...command,
      load: () => plugin.findCommand(command.id, { must: true }),
    })),
    commandsDir: undefined,
    async findCommand(id: string) {
      return Object.assign(await load(id), { id, plugin });
    },
    hasManifest: true,
    hooks: {},
    isRoot: true,
    async load() {},
    moduleType: 'commonjs',
    name,
    options: { root },
    pjson,
    root,
    topics: [],
    type: 'core',
    valid: true,
    version,
  };
  return plugin;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8'));
}
