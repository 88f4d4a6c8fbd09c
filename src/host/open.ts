import { readFileSync, statSync } from 'node:fs';
import { GhpassError } from '../errors.ts';
import { BUILTIN_HOSTS } from './builtin/index.ts';
import { UnreadableFileError } from './files.ts';
import type { Host } from './host.ts';
import { localHost } from './local.ts';
import { memoryFiles } from './memory-files.ts';
import { shellWord } from './programs/shell-word.ts';
import { capturedHost } from './snapshot/captured.ts';
import { snapshotFiles } from './snapshot/snapshot-files.ts';

const BUILTIN = 'builtin:';
const BROKEN = 'broken';

/**
 * Opens what `--host` names: `local`, `builtin:NAME`, or a snapshot, which is a directory or a `.tar.gz`.
 * @throws GhpassError `host.unknown-builtin`, `host.snapshot-missing`, `host.snapshot-unreadable`, `host.snapshot-broken`.
 */
export async function openHost(source: string): Promise<Host> {
  if (source === 'local') return localHost();
  if (source.startsWith(BUILTIN)) return openBuiltin(source);
  try {
    return await openSnapshot(source);
  } catch (error) {
    const errno = error instanceof UnreadableFileError ? error.errno : (error as NodeJS.ErrnoException).code;
    if (error instanceof GhpassError || errno === undefined) throw error;
    throw new GhpassError(errno === 'EACCES' ? 'permission' : 'usage', {
      code: 'host.snapshot-unreadable',
      message: `--host ${source}: ${error instanceof UnreadableFileError ? error.message : errno}`,
      suggestions: [`ls -ld ${shellWord(source)}`],
      cause: error,
    });
  }
}

async function openSnapshot(source: string): Promise<Host> {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return capturedHost('snapshot', source, snapshotFiles(source));
  if (stat?.isFile()) {
    const { unpackSnapshot } = await import('./snapshot/archive.ts');
    return capturedHost('snapshot', source, memoryFiles(await unpackSnapshot(source, readFileSync(source))));
  }
  throw new GhpassError('usage', {
    code: 'host.snapshot-missing',
    message: `--host ${source}: no such file or directory, and neither "local" nor "builtin:NAME"`,
    suggestions: builtinHosts({ broken: false }),
  });
}

function openBuiltin(source: string): Host {
  const name = source.slice(BUILTIN.length);
  const tree = Object.hasOwn(BUILTIN_HOSTS, name) ? BUILTIN_HOSTS[name] : undefined;
  if (!tree) {
    throw new GhpassError('usage', {
      code: 'host.unknown-builtin',
      message: `--host ${source}: no such built-in host`,
      suggestions: builtinHosts({ broken: name.startsWith(BROKEN) }),
    });
  }
  return capturedHost('builtin', source, memoryFiles(tree()));
}

/** The sound ones or the broken ones: all of them at once are more than anybody reads. */
function builtinHosts({ broken }: { broken: boolean }): string[] {
  const names = Object.keys(BUILTIN_HOSTS).filter((name) => name.startsWith(BROKEN) === broken);
  return names.map((name) => `--host ${BUILTIN}${name}`);
}
