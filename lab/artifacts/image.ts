import { runTool } from '../tool.ts';

export interface ImageOptions {
  /** Room beyond the content, for what is written at run time into a throw-away overlay. */
  readonly spareMiB: number;
  readonly signal?: AbortSignal | undefined;
}

/** Makes an ext4 image with the content of `directory`, owned by root whoever makes it. */
export async function makeExt4Image(
  directory: string,
  image: string,
  { spareMiB, signal }: ImageOptions,
): Promise<void> {
  const used = Number((await runTool('du', ['-sm', '--apparent-size', directory])).split('\t')[0]);
  const sizeMiB = Math.ceil(used * 1.15) + spareMiB;
  // No lazy initialisation: it would go on inside L1. No journal: the file system lives for one run.
  const args = ['-q', '-t', 'ext4', '-O', '^has_journal', '-E', 'lazy_itable_init=0', '-m', '0', '-d', directory];
  await asRoot('mke2fs', [...args, image, `${sizeMiB}M`], signal);
}

/** An ordinary user's files belong to root inside a user namespace of one's own, and mke2fs copies what it sees. */
async function asRoot(command: string, args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  if (process.getuid?.() === 0) await runTool(command, args, { signal });
  else await runTool('unshare', ['--map-root-user', command, ...args], { signal });
}
