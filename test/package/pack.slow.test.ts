import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CHECKOUT = join(import.meta.dirname, '../..');
const BUILT = new Set(['.git', 'build', 'coverage', 'dist', 'node_modules']);

const PROBE = ['probe', '--host', 'builtin:gh200', '--json'];
const DRY_RUN = ['create-vm', 'demo', '--host', 'builtin:gh200', '--dry-run', '--emit', 'argv'];

const work = mkdtempSync(join(tmpdir(), 'ghpass-pack-'));
const prefix = join(work, 'prefix');
let packed: string[];

/** Packs a copy, because packing builds, and the checkout's own build may be running. */
beforeAll(() => {
  const copy = join(work, 'checkout');
  const isSource = (path: string) => !BUILT.has(path.slice(CHECKOUT.length + 1).split('/')[0] ?? '');
  cpSync(CHECKOUT, copy, { recursive: true, filter: isSource });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(copy, 'node_modules'));

  const [{ filename, files }] = JSON.parse(npm(copy, 'pack', '--json', '--silent'));
  packed = files.map(({ path }: { path: string }) => path).sort();
  mkdirSync(prefix);
  npm(prefix, 'install', '--global', '--prefix', prefix, '--offline', '--no-audit', '--no-fund', join(copy, filename));
  // Of what is optional, npm installs what its cache has.
  rmSync(join(prefix, 'lib/node_modules/ghpass/node_modules'), { recursive: true, force: true });
}, 60_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('the package', () => {
  it('has what runs, the sources of the helper, the templates and the licences, and nothing else', () => {
    const helper = readdirSync(join(CHECKOUT, 'src/vfio/helper')).map((name) => `src/vfio/helper/${name}`);
    const templates = readdirSync(join(CHECKOUT, 'templates'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(CHECKOUT, join(parentPath, name)));
    const manual = readdirSync(join(CHECKOUT, 'man')).map((name) => `man/${name}`);
    const isReadme = (path: string) => /^README/.test(path);
    expect(packed.filter((path) => !isReadme(path) && !path.startsWith('dist/apart/'))).toEqual(
      [
        'LICENSE',
        'bin/bundle.js',
        'bin/package.json',
        'bin/run.js',
        'dist/THIRD-PARTY-NOTICES.txt',
        'dist/main.cjs',
        'dist/oclif.manifest.json',
        'package.json',
        'scripts/build-helper.js',
        'scripts/code-cache.js',
        ...helper,
        ...manual,
        ...templates,
      ].sort(),
    );
  });

  it('brings its manual where man looks for it', () => {
    expect(readdirSync(join(prefix, 'share/man/man1'))).toEqual(readdirSync(join(CHECKOUT, 'man')));
  });

  it('needs no other package: what it cannot do without is in the bundle', () => {
    expect(readdirSync(join(prefix, 'lib/node_modules'))).toEqual(['ghpass']);
    const manifest = JSON.parse(readFileSync(join(prefix, 'lib/node_modules/ghpass/package.json'), 'utf8'));
    expect(manifest.dependencies ?? {}).toEqual({});
  });

  it('carries the licence text of each bundled package', () => {
    const notices = readFileSync(join(prefix, 'lib/node_modules/ghpass/dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
    const packages = notices.split(/^-{80}$/m).slice(1);
    expect(packages.map((text) => text.trim().split(' ')[0])).toEqual(
      expect.arrayContaining(['@oclif/core', 'execa', 'zod']),
    );
    for (const text of packages) expect(text).toMatch(/Permission|Redistribution|Apache License/);
  });
});

describe('ghpass, installed from the package', () => {
  it('probes', () => {
    const elsewhere = join(work, 'elsewhere');
    mkdirSync(elsewhere);
    const output = execFileSync(join(prefix, 'bin/ghpass'), PROBE, { cwd: elsewhere, encoding: 'utf8' });
    expect(JSON.parse(output)).toMatchObject({
      command: 'probe',
      status: 'ok',
      result: { gpus: [{ verdict: 'pass' }] },
    });
  });

  it('takes no address from standard input', () => {
    const output = execFileSync(join(prefix, 'bin/ghpass'), PROBE, { input: '0000:00:1f.0\n', encoding: 'utf8' });
    expect(JSON.parse(output)).toMatchObject({ result: { gpus: [{ address: '0009:01:00.0' }] } });
  });

  it('keeps what V8 compiled, and starts without it', () => {
    expect(readdirSync(join(prefix, 'lib/node_modules/ghpass/dist'))).toContain(
      `main.${process.version}-${process.arch}.cache`,
    );
    expect(runWithout(/\.cache$/, ['--version'])).toMatch(/^ghpass\/\d+\.\d+\.\d+ /);
  });

  it('loads neither execa nor zod to ask a host that is built in', () => {
    expect(JSON.parse(runWithout(/\/apart$/, PROBE))).toMatchObject({ status: 'ok' });
    expect(runWithout(/\/apart$/, DRY_RUN)).toMatch(/^qemu-system-aarch64 /);
  });
});

/** Runs a copy that lacks some files. */
function runWithout(missing: RegExp, command: readonly string[]): string {
  const copy = mkdtempSync(join(work, 'without-'));
  const ghpass = join(prefix, 'lib/node_modules/ghpass');
  cpSync(ghpass, copy, { recursive: true, filter: (path) => !missing.test(path) });
  return execFileSync(process.execPath, [join(copy, 'bin/run.js'), ...command], { encoding: 'utf8' });
}

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
