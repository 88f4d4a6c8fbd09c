import { copyFile, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LabError } from '../error.ts';
import { runTool } from '../tool.ts';

/** Tar ends with zero blocks; a disk is a whole number of sectors. */
const SECTOR_BYTES = 512;
/** Sparse: what L1 may bring back. */
const OUTPUT_BYTES = 8 * 2 ** 30;

/** What L1 has to do. */
export interface Job {
  /** Text of the script: with `#!` of its own, else for sh. Undefined: an interactive shell. */
  readonly script: string | undefined;
  readonly args: readonly string[];
  /** Files of L0 to put beside the script, in its working directory, under their own names. */
  readonly put: readonly string[];
  readonly timeoutSeconds: number;
  readonly withGhpass: boolean;
}

/** Writes the disk that takes the job into L1: a bare tar, which needs no file system that both kernels would have to know. */
export async function writeInputDisk(directory: string, job: Job): Promise<string> {
  const content = path.join(directory, 'input');
  const jobDirectory = path.join(content, 'job');
  await mkdir(jobDirectory, { recursive: true });
  if (job.script !== undefined) await writeFile(path.join(jobDirectory, 'script'), job.script, { mode: 0o755 });
  for (const file of job.put) {
    if (path.basename(file) === 'script')
      throw new LabError(`cannot put ${file}: the job itself is called script in L1`);
    await copyFile(file, path.join(jobDirectory, path.basename(file))).catch((cause) => {
      throw new LabError(`cannot put ${file}: ${cause.message}`, [], { cause });
    });
  }
  await writeFile(
    path.join(content, 'settings'),
    [
      `mode=${job.script === undefined ? 'shell' : 'run'}`,
      `now=${Math.floor(Date.now() / 1000)}`,
      `timeout_seconds=${job.timeoutSeconds}`,
      `set -- ${job.args.map(quoted).join(' ')}`,
      '',
    ].join('\n'),
  );
  if (job.withGhpass) await writeFile(path.join(content, 'with-ghpass'), '');
  const disk = path.join(directory, 'input.img');
  await runTool('tar', ['--create', '--file', disk, '--owner=root', '--group=root', '--directory', content, '.']);
  await padToSector(disk);
  return disk;
}

/** Makes the empty disk that L1 writes its answer to. */
export async function createOutputDisk(directory: string): Promise<string> {
  const disk = path.join(directory, 'output.img');
  await writeFile(disk, '');
  await truncate(disk, OUTPUT_BYTES);
  return disk;
}

/** What L1 wrote to its output disk: the script's exit status and the files in $OUT. Undefined if it did not get that far. */
export async function readOutputDisk(
  disk: string,
  outDirectory: string,
): Promise<{ status: number; files: ReadonlyMap<string, Buffer> } | undefined> {
  const extracted = `${disk}.content`;
  await mkdir(extracted);
  const unpacked = await runTool('tar', [
    '--extract',
    '--file',
    disk,
    '--no-same-owner',
    '--directory',
    extracted,
  ]).catch(() => undefined);
  const status = await readFile(path.join(extracted, 'status'), 'utf8').catch(() => undefined);
  if (unpacked === undefined || status === undefined) return undefined;
  await mkdir(outDirectory, { recursive: true });
  await runTool('cp', ['--recursive', '--no-target-directory', path.join(extracted, 'out'), outDirectory]);
  return { status: Number(status), files: await readFiles(path.join(extracted, 'out')) };
}

async function readFiles(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    files.set(path.relative(directory, file), await readFile(file));
  }
  return files;
}

async function padToSector(file: string): Promise<void> {
  const { size } = await stat(file);
  await truncate(file, Math.ceil(size / SECTOR_BYTES) * SECTOR_BYTES);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
