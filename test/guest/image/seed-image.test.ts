import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeSeedImage } from '../../../src/guest/image/seed-image.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { withEnvironment } from '../../libvirt/kit/fake-virsh.ts';

const FILES = {
  'meta-data': Buffer.from('{"instance-id": "x"}\n'),
  'user-data': Buffer.from('#cloud-config\n'),
  'network-config': Buffer.from('version: 2\n'),
};
/** What the tools themselves call. */
const HELPERS = ['bash', 'sh', 'env', 'getopt', 'mktemp', 'cp', 'rm', 'cat'];
const whereIs = (program: string) =>
  spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();

/** Lets these programs alone be on PATH. */
function onlyOnPath(directory: string, programs: readonly string[]): void {
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  for (const program of [...HELPERS, ...programs]) symlinkSync(whereIs(program), join(bin, program));
  withEnvironment({ PATH: bin });
}

async function make(directory: string): Promise<string> {
  const image = join(directory, 'seed.iso');
  const working = join(directory, 'seed');
  try {
    await makeSeedImage(FILES, { image, directory: working }, { signal: new AbortController().signal, env: {} });
  } finally {
    expect(existsSync(working)).toBe(false);
  }
  return image;
}

/** Label and files of an image, as xorriso sees them. */
function readBack(image: string): { label: string; files: Record<string, string> } {
  const out = join(temporaryDirectory(), 'out');
  execFileSync('xorriso', ['-osirrox', 'on', '-indev', image, '-extract', '/', out], { stdio: 'ignore' });
  const about = spawnSync('xorriso', ['-indev', image, '-pvd_info'], { encoding: 'utf8' }).stdout;
  const [, label = ''] = /^Volume Id *: *(.*)$/m.exec(about) ?? [];
  const files = readdirSync(out).map((name) => [name, execFileSync('cat', [join(out, name)], { encoding: 'utf8' })]);
  return { label, files: Object.fromEntries(files) };
}

const EXPECTED = {
  label: 'cidata',
  files: Object.fromEntries(Object.entries(FILES).map(([name, content]) => [name, content.toString()])),
};

describe.each([
  ['cloud-localds', ['cloud-localds', 'genisoimage']],
  ['xorriso', ['xorriso']],
  ['genisoimage', ['genisoimage']],
])('made by %s', (_, programs) => {
  test.skipIf(programs.some((program) => whereIs(program) === ''))(
    'the seed has its label and files, and is private',
    async () => {
      const directory = temporaryDirectory();
      const { PATH } = process.env;
      onlyOnPath(directory, programs);
      const image = await make(directory);
      withEnvironment({ PATH });
      expect(readBack(image)).toEqual(EXPECTED);
      expect(statSync(image).mode & 0o777).toBe(0o600);
    },
  );
});

test('where one tool lacks another that it calls, the next one does it', async () => {
  const directory = temporaryDirectory();
  const { PATH } = process.env;
  onlyOnPath(directory, ['xorriso']);
  writeFileSync(join(directory, 'bin/cloud-localds'), '#!/bin/sh\necho "missing genisoimage" >&2\nexit 1\n', {
    mode: 0o755,
  });
  const image = await make(directory);
  withEnvironment({ PATH });
  expect(readBack(image)).toEqual(EXPECTED);
});

test('what the first tool says is told where all fail', async () => {
  const directory = temporaryDirectory();
  onlyOnPath(directory, []);
  for (const name of ['xorriso', 'mkisofs'])
    writeFileSync(join(directory, 'bin', name), `#!/bin/sh\necho "${name}: disk full" >&2\nexit 5\n`, { mode: 0o755 });
  await expect(make(directory)).rejects.toMatchObject({
    code: 'seed.failed',
    message: 'the seed could not be made: xorriso: disk full',
  });
});

test('without any tool, the packages are named', async () => {
  const directory = temporaryDirectory();
  onlyOnPath(directory, []);
  await expect(make(directory)).rejects.toMatchObject({
    code: 'seed.tool-missing',
    message:
      'none of cloud-localds, xorriso, xorrisofs, genisoimage, mkisofs is on PATH, and one of them makes the seed for cloud-init',
    suggestions: ['apt-get install cloud-image-utils   # or xorriso', 'dnf install cloud-utils   # or xorriso'],
  });
});
