import { closeSync, openSync, readSync } from 'node:fs';
import { GhpassError } from '../../errors.ts';
import { runTool } from '../../host/programs/run-tool.ts';
import { shellWord } from '../../host/programs/shell-word.ts';

/** A disk image that guests can be made from. */
export interface ImageFacts {
  path: string;
  format: 'qcow2' | 'raw';
  virtualSizeBytes: bigint;
}

/** What is read of `qemu-img info --output=json` (qapi/block-core.json, ImageInfo). */
interface ImageInfo {
  format: string;
  'virtual-size': number;
  encrypted?: boolean;
  'backing-filename'?: string;
}

/** Compressed as a whole: to QEMU such a file is a raw disk full of nonsense. */
const COMPRESSED: readonly { magic: readonly number[]; unpack: string }[] = [
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], unpack: 'xz --decompress --keep' },
  { magic: [0x1f, 0x8b], unpack: 'gzip --decompress --keep' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], unpack: 'zstd --decompress' },
  { magic: [0x42, 0x5a, 0x68], unpack: 'bzip2 --decompress --keep' },
];

/**
 * Asks `qemu-img` about an image that a guest is to be made from. Nothing in a disk image says which machine it is for.
 * @param path absolute.
 * @throws GhpassError `image.unreadable`, `image.compressed`, `image.format`, `image.encrypted`, `image.backing-missing`,
 * `image.empty`; `tool.missing` with the package of qemu-img.
 */
export async function inspectImage(path: string, signal?: AbortSignal): Promise<ImageFacts> {
  requireUncompressed(path);
  const { format, encrypted, ...info } = await askQemuImg(path, [], signal);
  const facts = { path, format: requireFormat(path, format), virtualSizeBytes: BigInt(info['virtual-size']) };
  if (encrypted) {
    throw refusal(
      'image.encrypted',
      path,
      'it is encrypted, and a guest that boots from it would wait for its secret',
      [`qemu-img convert -O qcow2 … plain.qcow2`],
    );
  }
  if (info['backing-filename'] !== undefined) await requireBackingFiles(path, signal);
  if (facts.virtualSizeBytes === 0n) throw refusal('image.empty', path, 'it is empty', [`ls -l ${shellWord(path)}`]);
  return facts;
}

function requireUncompressed(path: string): void {
  const magic = Buffer.alloc(6);
  try {
    const file = openSync(path, 'r');
    try {
      readSync(file, magic, 0, magic.length, 0);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
    throw refusal(
      'image.unreadable',
      path,
      errno,
      [`ls -l ${shellWord(path)}`],
      errno === 'EACCES' ? 'permission' : 'usage',
    );
  }
  const found = COMPRESSED.find((one) => one.magic.every((byte, i) => magic[i] === byte));
  if (found) throw refusal('image.compressed', path, 'it is compressed', [`${found.unpack} ${shellWord(path)}`]);
}

function requireFormat(path: string, format: string): ImageFacts['format'] {
  if (format === 'qcow2' || format === 'raw') return format;
  const unpacked = path.replace(/(\.[^./]*)?$/, '.qcow2');
  throw refusal('image.format', path, `its format is ${format}, and guests are made from qcow2 and raw images`, [
    `qemu-img convert -O qcow2 ${shellWord(path)} ${shellWord(unpacked)}`,
  ]);
}

/** The whole chain is opened: a file that is missing anywhere below is named by QEMU. */
async function requireBackingFiles(path: string, signal?: AbortSignal): Promise<void> {
  try {
    await askQemuImg(path, ['--backing-chain'], signal);
  } catch (error) {
    if (!(error instanceof GhpassError && error.code === 'image.unreadable')) throw error;
    throw refusal('image.backing-missing', path, `a file that it is based on cannot be opened: ${error.cause}`, [
      `qemu-img info --backing-chain ${shellWord(path)}`,
      'qemu-img rebase, or a copy of the whole image by qemu-img convert',
    ]);
  }
}

/** Without a lock: a guest may be running from the image, and only its head is read. */
async function askQemuImg(path: string, options: readonly string[], signal?: AbortSignal): Promise<ImageInfo> {
  const args = ['info', '--output=json', '--force-share', ...options, path];
  const { status, stdout, stderr } = await runTool('qemu-img', args, signal ? { signal } : {});
  if (status === 0) return [JSON.parse(stdout)].flat()[0] as ImageInfo;
  const why = (stderr.split('\n')[0] ?? '').replace(/^qemu-img: /, '');
  throw refusal('image.unreadable', path, why, [`qemu-img info ${shellWord(path)}`], 'usage', why);
}

function refusal(
  code: string,
  path: string,
  why: string,
  suggestions: readonly string[],
  kind: 'usage' | 'permission' = 'usage',
  cause?: string,
): GhpassError {
  return new GhpassError(kind, { code, message: `--image ${path}: ${why}`, suggestions, cause });
}
