/**
 * Makes a fresh clone ready: Debian packages, npm packages, the native helper. Plain JavaScript without dependencies,
 * because it is what installs them.
 *
 *     node scripts/setup.js test|lab
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** What each purpose needs: program (or file) → Debian package. */
const NEEDED = {
  test: {
    cc: 'gcc',
    '/usr/include/stdio.h': 'libc6-dev',
    cpio: 'cpio',
    fish: 'fish',
    'g++': 'g++',
    iasl: 'acpica-tools',
    make: 'make',
    mandoc: 'mandoc',
    python3: 'python3',
    'qemu-img': 'qemu-utils',
    'ssh-keygen': 'openssh-client',
    valgrind: 'valgrind',
    xorriso: 'xorriso',
    xz: 'xz-utils',
    flock: 'util-linux',
    git: 'git',
    'qemu-ga': 'qemu-guest-agent',
    zsh: 'zsh',
  },
  lab: {
    cc: 'gcc',
    '/usr/include/stdio.h': 'libc6-dev',
    [process.arch === 'arm64' ? 'gcc' : 'aarch64-linux-gnu-gcc']:
      process.arch === 'arm64' ? 'gcc' : 'gcc-aarch64-linux-gnu',
    [process.arch === 'arm64' ? '/usr/include/errno.h' : '/usr/aarch64-linux-gnu/include/stdio.h']:
      process.arch === 'arm64' ? 'libc6-dev' : 'libc6-dev-arm64-cross',
    bc: 'bc',
    bison: 'bison',
    cpio: 'cpio',
    depmod: 'kmod',
    flex: 'flex',
    iasl: 'acpica-tools',
    make: 'make',
    mke2fs: 'e2fsprogs',
    perl: 'perl',
    xz: 'xz-utils',
    '/usr/include/openssl/ssl.h': 'libssl-dev',
    '/usr/include/libelf.h': 'libelf-dev',
  },
};

/** Packages that are optional for users, who may have no compiler, and that a purpose does not do without. */
const NEEDED_MODULES = { test: ['node_modules/node-pty'], lab: [] };

const SEARCH_PATH = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];

function main(purpose) {
  const needed = NEEDED[purpose];
  if (!needed) fail(`usage: node scripts/setup.js ${Object.keys(NEEDED).join('|')}`);
  requireNode();
  installPackages(missingPackages(needed));
  installNodeModules(NEEDED_MODULES[purpose]);
  run(process.execPath, [join(ROOT, 'scripts/build-helper.js')]);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) fail(`Node 20.19 or newer is needed; this is ${process.version}`);
}

function missingPackages(needed) {
  const missing = Object.entries(needed).filter(([what]) => !isThere(what));
  return [...new Set(missing.map(([, name]) => name))];
}

function isThere(what) {
  if (what.startsWith('/')) return existsSync(what);
  return SEARCH_PATH.some((directory) => {
    try {
      accessSync(join(directory, what), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Root installs; so does whoever may use sudo without being asked for a password. Everybody else is told the command. */
function installPackages(packages) {
  if (packages.length === 0) return;
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages];
  const asRoot = process.getuid() === 0 ? [] : ['sudo', '--non-interactive'];
  const mayInstall = isThere('apt-get') && (asRoot.length === 0 || spawnSync('sudo', ['-n', 'true']).status === 0);
  if (!mayInstall) fail(`these packages are missing: ${packages.join(', ')}`, `sudo ${install.join(' ')}`);
  say(`installing ${packages.join(', ')}`);
  const [update, ...updateArgs] = [...asRoot, 'apt-get', 'update', '--quiet'];
  run(update, updateArgs);
  const [command, ...args] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', ...install, '--quiet'];
  run(command, args);
}

/**
 * Not `npm ci`: it refuses the whole lock file where a registry lacks an optional package for some other platform; the
 * versions are those of the lock file all the same.
 */
function installNodeModules(needed) {
  if (missingModules(needed).length === 0) return;
  say('installing npm packages');
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund']);
  const missing = missingModules(needed);
  if (missing.length > 0)
    fail(`npm could not install ${missing.join(', ')}`, 'npm install --no-save --foreground-scripts');
}

/** npm writes its copy of the lock file when it has finished; what is optional and failed is not in it. */
function missingModules(needed) {
  const copy = join(ROOT, 'node_modules/.package-lock.json');
  const present = existsSync(copy) ? packagesOf(copy) : {};
  return Object.entries(packagesOf(join(ROOT, 'package-lock.json')))
    .filter(([path, { optional }]) => needed.includes(path) || (path !== '' && !optional))
    .filter(([path, { version }]) => present[path]?.version !== version)
    .map(([path]) => path);
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`${[command, ...args].join(' ')} failed (${error?.message ?? `status ${status}`})`);
}

function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

function fail(message, suggestion) {
  process.stderr.write(`✖ ${message}\n${suggestion ? `  Try this: ${suggestion}\n` : ''}`);
  process.exit(1);
}

main(process.argv[2]);
