import { gunzipSync, gzipSync } from 'node:zlib';
import { packTar, type TarHeader, unpackTar } from 'modern-tar';
import type { FileTree } from '../memory-files.ts';
import { snapshotBroken } from './broken.ts';
import { parseUnread, UNREAD_FILE } from './unread.ts';

/** A host with 4,096 functions has some 10 MiB to say; what is far beyond is not a snapshot. */
const MAX_BYTES = 128 << 20;
/** PATH_MAX of Linux. */
const MAX_PATH_LENGTH = 4096;
/** The same bytes for the same files, whenever they are written. */
const NO_TIME = new Date(0);

/**
 * A snapshot as one file: a gzip-compressed tar archive, entries in order of their paths, without times and owners.
 * @param tree files and links by absolute path.
 */
export async function packSnapshot(tree: FileTree): Promise<Uint8Array> {
  const common = { mtime: NO_TIME, uid: 0, gid: 0 };
  const entries = [
    ...Object.entries(tree.files).map(([path, content]) => {
      const body = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      const header: TarHeader = { name: path.slice(1), type: 'file', mode: 0o600, size: body.length, ...common };
      return { header, body };
    }),
    ...Object.entries(tree.links).map(([path, linkname]) => {
      const header: TarHeader = { name: path.slice(1), type: 'symlink', linkname, mode: 0o777, size: 0, ...common };
      return { header };
    }),
  ];
  entries.sort((a, b) => (a.header.name < b.header.name ? -1 : 1));
  return gzipSync(await packTar(entries));
}

/**
 * Reads a snapshot that may come from anywhere. Nothing is extracted: what the entries name is never touched on this machine.
 * @param snapshot as the user named it.
 * @param bytes of the file.
 * @throws GhpassError `host.snapshot-broken`, with the entry.
 */
export async function unpackSnapshot(snapshot: string, bytes: Uint8Array): Promise<FileTree> {
  const files: Record<string, Uint8Array> = Object.create(null);
  const links: Record<string, string> = Object.create(null);
  const taken = new Set<string>();
  for (const { header, data } of await untar(snapshot, gunzip(snapshot, bytes))) {
    const path = pathOf(snapshot, header);
    if (header.type === 'directory') continue;
    if (taken.has(path)) throw snapshotBroken(snapshot, path, 'it is in the archive twice');
    taken.add(path);
    if (header.type === 'symlink') links[path] = targetOf(snapshot, path, header);
    else if (header.type === 'file') files[path] = data ?? new Uint8Array();
    else throw snapshotBroken(snapshot, path, `a ${header.type}; there are files, directories and symbolic links only`);
  }
  for (const path of taken) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (taken.has(path.slice(0, end))) throw snapshotBroken(snapshot, path, 'it lies below what is no directory');
    }
  }
  const unread = files[UNREAD_FILE];
  return { files, links, unread: unread ? parseUnread(snapshot, new TextDecoder().decode(unread)) : {} };
}

function gunzip(snapshot: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why: Record<string, string> = {
      ERR_BUFFER_TOO_LARGE: `more than ${MAX_BYTES >> 20} MiB when unpacked`,
      Z_BUF_ERROR: 'it ends too early',
    };
    throw snapshotBroken(snapshot, null, why[code ?? ''] ?? `no gzip file (${message})`, error);
  }
}

/** Entries of the archive; one that is cut short is worth nothing, since nobody knows what is missing. */
async function untar(snapshot: string, archive: Uint8Array) {
  let last: string | null = null;
  const filter = ({ name }: TarHeader) => {
    last = name;
    return true;
  };
  try {
    return await unpackTar(archive, { strict: true, filter });
  } catch (error) {
    const where = last === null ? 'at its first entry' : `at or behind ${JSON.stringify(last)}`;
    throw snapshotBroken(snapshot, null, `no tar archive, ${where}: ${(error as Error).message}`, error);
  }
}

/** The absolute path of an entry, as in `sys/…`, `./sys/…` and `/sys/…`. */
function pathOf(snapshot: string, { name }: TarHeader): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  const path = `/${parts.join('/')}`;
  if (path.length > MAX_PATH_LENGTH) throw snapshotBroken(snapshot, `${path.slice(0, 64)}…`, 'its path is too long');
  if (parts.includes('..')) throw snapshotBroken(snapshot, JSON.stringify(name), 'its path has ".." in it');
  return path;
}

function targetOf(snapshot: string, path: string, { linkname = '' }: TarHeader): string {
  if (linkname !== '' && linkname.length <= MAX_PATH_LENGTH) return linkname;
  throw snapshotBroken(snapshot, path, linkname === '' ? 'a link to nowhere' : 'the target of the link is too long');
}
