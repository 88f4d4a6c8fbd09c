import { chmodSync, closeSync, copyFileSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import { packageRoot } from '../../host/programs/package-root.ts';
import { runTool } from '../../host/programs/run-tool.ts';

const PATH_OF_BUSYBOX = ['/bin/busybox', '/usr/bin/busybox', '/sbin/busybox', '/usr/sbin/busybox'];
const ELF_MAGIC = 0x464c457f;
/** Program header of an executable that needs a dynamic loader (elf.h, PT_INTERP). */
const PT_INTERP = 3;
const EM_AARCH64 = 183;

/**
 * Builds the initramfs of the smoke guest: busybox, the init and its report from `templates/`, packed by the system's cpio.
 * @param directory an empty directory of the guest, for the tree and the archive.
 * @param env what cpio gets beside the environment of ghpass.
 * @returns path of the archive.
 * @throws GhpassError `smoke.busybox-missing`, `tool.missing`, `smoke.cpio-failed`.
 */
export async function buildInitramfs(
  directory: string,
  signal: AbortSignal,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const tree = join(directory, 'initramfs');
  for (const name of ['bin', 'dev', 'proc', 'sys']) mkdirSync(join(tree, name), { recursive: true });
  copyFileSync(findStaticBusybox(), join(tree, 'bin/busybox'));
  copyFileSync(join(packageRoot(), 'templates/smoke-init'), join(tree, 'init'));
  copyFileSync(join(packageRoot(), 'templates/report.sh'), join(tree, 'report.sh'));
  for (const name of ['bin/busybox', 'init']) chmodSync(join(tree, name), 0o755);
  const archive = join(directory, 'initramfs.cpio');
  const names = ['.', 'bin', 'bin/busybox', 'dev', 'init', 'proc', 'report.sh', 'sys'];
  const run = await runTool(
    'cpio',
    ['--create', '--format=newc', '--owner=0:0', '--quiet', '--directory', tree, '-F', archive],
    {
      input: `${names.join('\n')}\n`,
      signal,
      env,
    },
  );
  if (run.status === 0) return archive;
  throw new GhpassError('tool', {
    code: 'smoke.cpio-failed',
    message: `cpio ended with status ${run.status}: ${run.stderr}`,
  });
}

/** The guest has no libraries, so its busybox must need none. */
function findStaticBusybox(): string {
  const found = PATH_OF_BUSYBOX.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  const usable = found.find(isStaticAarch64);
  if (usable) return usable;
  const seen = found.length > 0 ? `${found.join(', ')} is not static or not for aarch64` : 'there is none';
  throw new GhpassError('tool', {
    code: 'smoke.busybox-missing',
    message: `the smoke guest needs a statically linked busybox: ${seen}`,
    suggestions: ['apt-get install busybox-static', 'dnf install busybox'],
  });
}

function isStaticAarch64(path: string): boolean {
  const header = Buffer.alloc(4096);
  const file = openSync(path, 'r');
  const length = readSync(file, header, 0, header.length, 0);
  closeSync(file);
  if (length < 64 || header.readUInt32LE(0) !== ELF_MAGIC || header.readUInt16LE(18) !== EM_AARCH64) return false;
  const tableOffset = Number(header.readBigUInt64LE(32));
  const entryBytes = header.readUInt16LE(54);
  for (let i = 0; i < header.readUInt16LE(56); i += 1) {
    const entry = tableOffset + i * entryBytes;
    if (entry + 4 <= length && header.readUInt32LE(entry) === PT_INTERP) return false;
  }
  return true;
}
