// Bundles src/ with all that it imports into dist/.
// Why, and what it saves: docs/decisions/0001-bundle-for-start-up.md.

import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { inkRows } from './bundle/ink-rows.js';
import { lazyRequires } from './bundle/lazy-requires.js';
import { manifestOf } from './bundle/manifest.js';
import { standIns } from './bundle/stand-ins.js';
import { thirdPartyNotices } from './bundle/third-party-notices.js';

const PACKAGE = join(import.meta.dirname, '..');

/** Packages that most runs do without; each gets a file of its own, which is read where it is needed. */
const APART = ['diff', 'execa', 'fast-xml-parser', 'modern-tar', 'zod'];
/** The same of our own, by the path that imports end with: what reads the screen of `monitor`, which is ES modules. */
const SCREEN_LOADER = 'src/ui/monitor/load-screen.ts';
const SCREEN = 'src/ui/monitor/screen.tsx';
/** Has a native part, which is compiled where it is installed: an optional dependency, which may be missing. */
const INSTALLED_BESIDE = ['node-pty'];
/** What oclif discovers plugins and their sources with; ghpass names its commands itself, in src/ui/load-options.ts. */
const NEVER_LOADED = ['get-package-type', 'lilconfig', 'minimatch', 'tinyglobby', 'typescript'];

async function main() {
  const commands = readdirSync(join(PACKAGE, 'src/commands')).map((name) => join('src/commands', name));
  const directory = `.dist-${process.pid}`;
  const to = (name) => join(PACKAGE, directory, name);
  try {
    const main = await bundle({
      entryPoints: { main: 'src/main.ts' },
      outdir: directory,
      plugins: [apart, standIns, lazyOclif],
    });
    const others = await bundle({
      entryPoints: APART.filter((name) => imports(main, name)),
      outdir: join(directory, 'apart'),
    });
    const loader = await bundle({
      entryPoints: { 'load-screen': SCREEN_LOADER },
      outdir: join(directory, 'apart'),
      plugins: [screenApart],
      supported: { 'dynamic-import': true },
    });
    const screen = await bundleScreen(join(directory, 'apart'));
    const inputs = [main, others, loader, screen]
      .flatMap(({ metafile }) => Object.keys(metafile.inputs))
      .filter(isFile);
    writeFileSync(to('THIRD-PARTY-NOTICES.txt'), thirdPartyNotices(PACKAGE, inputs));
    writeFileSync(to('oclif.manifest.json'), await manifestOf(PACKAGE, commands, join(directory, 'classes')));
    rmSync(join(PACKAGE, 'dist'), { recursive: true, force: true });
    renameSync(to('.'), join(PACKAGE, 'dist'));
  } finally {
    rmSync(to('.'), { recursive: true, force: true });
  }
  execFileSync(process.execPath, [join(PACKAGE, 'scripts/code-cache.js')]);
}

/** CommonJS: Node starts it faster than ES modules, and V8 can keep what it compiled. */
function bundle(options) {
  return build({
    absWorkingDir: PACKAGE,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    external: [...INSTALLED_BESIDE, ...NEVER_LOADED],
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    supported: { 'dynamic-import': false },
    legalComments: 'none',
    metafile: true,
    ...options,
  });
}

/**
 * ES modules, because those of ink and yoga-layout await at their top. React is the one for production.
 */
function bundleScreen(outdir) {
  return bundle({
    entryPoints: { screen: SCREEN },
    outdir,
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    supported: {},
    jsx: 'automatic',
    plugins: [inkRows],
  });
}

function imports({ metafile }, name) {
  return Object.values(metafile.outputs).some((output) => output.imports.some(({ path }) => path === apartPath(name)));
}

/** Not a stand-in. */
function isFile(input) {
  return !/^[\w-]+:/.test(input);
}

function apartPath(name) {
  return `./apart/${name}.cjs`;
}

const lazyOclif = lazyRequires(/\/node_modules\/@oclif\/core\/lib\/.*\.js$/);

const screenApart = {
  name: 'screen-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/screen\.tsx$/ }, () => ({ path: './screen.mjs', external: true }));
  },
};

const apart = {
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/load-screen\.ts$/ }, () => ({ path: apartPath('load-screen'), external: true }));
    const filter = new RegExp(`^(${APART.join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path: apartPath(path), external: true }));
  },
};

await main();
