import { statSync } from 'node:fs';
import { GhpassError } from '../errors.ts';
import { BUILTIN_HOSTS } from './builtin/index.ts';
import { capturedHost } from './captured.ts';
import type { Host } from './host.ts';
import { localHost } from './local.ts';
import { memoryFiles } from './memory-files.ts';
import { snapshotFiles } from './snapshot-files.ts';

const BUILTIN = 'builtin:';

/**
 * Opens what `--host` names: `local`, `builtin:NAME` or the directory of a snapshot.
 * @throws GhpassError `host.unknown-builtin`, `host.snapshot-missing`.
 */
export function openHost(source: string): Host {
  if (source === 'local') return localHost();
  if (source.startsWith(BUILTIN)) return openBuiltin(source);
  if (!statSync(source, { throwIfNoEntry: false })?.isDirectory()) {
    throw new GhpassError('usage', {
      code: 'host.snapshot-missing',
      message: `--host ${source}: no such directory, and neither "local" nor "builtin:NAME"`,
      suggestions: Object.keys(BUILTIN_HOSTS).map((name) => `--host ${BUILTIN}${name}`),
    });
  }
  return capturedHost('snapshot', source, snapshotFiles(source));
}

function openBuiltin(source: string): Host {
  const name = source.slice(BUILTIN.length);
  const tree = Object.hasOwn(BUILTIN_HOSTS, name) ? BUILTIN_HOSTS[name] : undefined;
  if (!tree) {
    throw new GhpassError('usage', {
      code: 'host.unknown-builtin',
      message: `--host ${source}: no such built-in host`,
      suggestions: Object.keys(BUILTIN_HOSTS).map((name) => `--host ${BUILTIN}${name}`),
    });
  }
  return capturedHost('builtin', source, memoryFiles(tree()));
}
