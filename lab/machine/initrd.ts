import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../tool.ts';

const L1_DIRECTORY = path.join(import.meta.dirname, '../l1');

export interface InitrdParts {
  /** ASL of the additional firmware table, if there is one. */
  readonly ssdt: string | undefined;
  /** The static busybox for L1. */
  readonly busybox: string;
  /** Directory with modules and the file `order`. */
  readonly modules: string;
}

/**
 * Makes the initrd of L1 in `directory`. It begins with an uncompressed archive that has the firmware table: a kernel with
 * CONFIG_ACPI_TABLE_UPGRADE looks for it there and nowhere else (Documentation/admin-guide/acpi/initrd_table_override.rst).
 */
export async function makeInitrd(directory: string, parts: InitrdParts): Promise<string> {
  const archives: Buffer[] = [];
  if (parts.ssdt !== undefined) archives.push(await tableArchive(path.join(directory, 'tables'), parts.ssdt));
  archives.push(await initArchive(path.join(directory, 'initrd'), parts));
  const initrd = path.join(directory, 'initrd.img');
  await writeFile(initrd, Buffer.concat(archives));
  return initrd;
}

async function tableArchive(root: string, ssdt: string): Promise<Buffer> {
  const tables = path.join(root, 'kernel/firmware/acpi');
  await mkdir(tables, { recursive: true });
  const source = path.join(path.dirname(root), 'gpus.asl');
  await writeFile(source, ssdt);
  await runTool('iasl', ['-p', path.join(tables, 'gpus'), source]);
  return archive(root);
}

async function initArchive(root: string, { busybox, modules }: InitrdParts): Promise<Buffer> {
  for (const directory of ['bin', 'proc', 'sys', 'dev', 'root', 'lab', 'modules']) {
    await mkdir(path.join(root, directory), { recursive: true });
  }
  await copyFile(busybox, path.join(root, 'bin/busybox'));
  for (const module of await readdir(modules)) {
    await copyFile(path.join(modules, module), path.join(root, 'modules', module));
  }
  await copyFile(path.join(L1_DIRECTORY, 'initrd-init'), path.join(root, 'init'));
  for (const script of ['init', 'lab-start-libvirt']) {
    await copyFile(path.join(L1_DIRECTORY, script), path.join(root, 'lab', script));
  }
  return archive(root);
}

async function archive(root: string): Promise<Buffer> {
  const file = `${root}.cpio`;
  await runTool('sh', ['-ec', 'find . | cpio --quiet --create --format=newc --owner=+0:+0 > "$1"', 'sh', file], {
    cwd: root,
  });
  return readFile(file);
}
