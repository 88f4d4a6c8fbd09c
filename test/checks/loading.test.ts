import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '../..');

/** Source files that a command loads, one way or another. */
async function loadedBy(command: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: [`src/commands/${command}.ts`],
    bundle: true,
    format: 'esm',
    metafile: true,
    packages: 'external',
    platform: 'node',
    write: false,
  });
  return Object.keys(metafile.inputs);
}

test('probe starts without the checks that it does not run', async () => {
  const loaded = await loadedBy('probe');
  expect(loaded).toContain('src/checks/device/index.ts');
  expect(loaded.filter((path) => /^src\/checks\/(?:host|plan|refusal)\//.test(path))).toEqual([]);
});
