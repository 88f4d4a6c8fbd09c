import { dirname } from 'node:path';
import { GhpassError } from '../../errors.ts';
import { runTool } from '../../host/programs/run-tool.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import type { ImageFacts } from './inspect-image.ts';

/**
 * How large the disk of a guest will be that is made from an image: as the image, or as it is asked for.
 * @throws GhpassError `image.disk-too-small`: a partition table would end behind the disk.
 */
export function requireDiskSize({ path, virtualSizeBytes }: ImageFacts, wanted: bigint | null): bigint {
  if (wanted === null || wanted >= virtualSizeBytes) return wanted ?? virtualSizeBytes;
  throw new GhpassError('usage', {
    code: 'image.disk-too-small',
    message: `--disk-size ${formatBytes(wanted)} is less than the ${formatBytes(virtualSizeBytes)} of ${path}: a disk can be made larger than its image, never smaller`,
    suggestions: [`--disk-size ${virtualSizeBytes}`],
  });
}

/**
 * Makes a disk that has what the image has, and keeps what the guest writes; the image stays as it is.
 * @param disk absolute path of a file that is not there yet.
 * @throws GhpassError `image.overlay-failed` with what qemu-img says.
 */
export async function makeOverlay(
  { path, format }: ImageFacts,
  disk: string,
  sizeBytes: bigint,
  options: { signal: AbortSignal; env: Readonly<Record<string, string>> },
): Promise<void> {
  const args = ['create', '-q', '-f', 'qcow2', '-b', path, '-F', format, disk, `${sizeBytes}`];
  const { status, stderr } = await runTool('qemu-img', args, options);
  if (status === 0) return;
  throw new GhpassError('tool', {
    code: 'image.overlay-failed',
    message: `${disk}: ${(stderr.split('\n')[0] ?? '').replace(/^qemu-img: /, '')}`,
    suggestions: [`df --human-readable ${shellWord(dirname(disk))}`],
  });
}
