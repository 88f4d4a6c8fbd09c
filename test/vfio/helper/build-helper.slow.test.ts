import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from './temporary-directory.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');

let directory: string;
let executable: string;

beforeEach(() => {
  const { path, remove } = temporaryDirectory();
  directory = path;
  executable = join(directory, 'build/ghpass-vfio');
  cpSync(join(REPOSITORY, 'src/vfio/helper'), join(directory, 'src/vfio/helper'), { recursive: true });
  cpSync(join(REPOSITORY, 'scripts/build-helper.js'), join(directory, 'scripts/build-helper.js'));
  writeFileSync(join(directory, 'package.json'), '{"name":"ghpass","version":"4.5.6","type":"module"}');
  return remove;
});

function build(env: NodeJS.ProcessEnv = {}) {
  const run = spawnSync(process.execPath, [join(directory, 'scripts/build-helper.js')], {
    encoding: 'utf8',
    env: { ...process.env, CC: '', ...env },
  });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

/** A compiler of the test's own: a shell script. */
function compiler(script: string): string {
  const path = join(directory, 'compiler');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const QUIET = { status: 0, stdout: '', stderr: '' };
const HOW =
  'live probing needs it, dry runs do not. To build it: apt-get install gcc libc6-dev, then npm rebuild ghpass\n';

test('compiles the helper with the version of the package and leaves nothing else behind', () => {
  expect(build()).toEqual(QUIET);
  expect(spawnSync(executable, ['version'], { encoding: 'utf8' }).stdout).toBe('{"schema":1,"version":"4.5.6"}\n');
  expect(readdirSync(join(directory, 'build')).sort()).toEqual(['ghpass-vfio', 'ghpass-vfio.sha256']);
}, 60_000);

test('compiles again only where a source, the version or the compiler is another', () => {
  const counted = (name: string) => `${compiler(`echo >> "${directory}/runs"; exec cc "$@"`)} -D${name}`;
  const runs = () => statSync(join(directory, 'runs')).size;
  build({ CC: counted('ONE') });
  build({ CC: counted('ONE') });
  expect(runs()).toBe(1);

  build({ CC: counted('TWO') });
  expect(runs()).toBe(2);

  writeFileSync(join(directory, 'package.json'), '{"name":"ghpass","version":"4.5.7","type":"module"}');
  build({ CC: counted('TWO') });
  expect(runs()).toBe(3);

  writeFileSync(join(directory, 'src/vfio/helper/more.h'), '/* one more */\n');
  build({ CC: counted('TWO') });
  expect(runs()).toBe(4);
}, 60_000);

test('without a compiler says in one line what is missing, and lets the installation go on', () => {
  expect(build({ CC: 'no-such-cc' })).toEqual({
    status: 0,
    stdout: '',
    stderr: `ghpass: ghpass-vfio is not built: the C compiler 'no-such-cc' cannot be run (ENOENT); ${HOW}`,
  });
  expect(existsSync(executable)).toBe(false);
});

test('without the C library says that, too', () => {
  const gcc = compiler('echo "fatal error: stdio.h: No such file or directory" >&2; exit 1');
  expect(build({ CC: gcc })).toEqual({
    status: 0,
    stdout: '',
    stderr: `ghpass: ghpass-vfio is not built: the C compiler '${gcc}' finds no C library; ${HOW}`,
  });
});

test('a compile error is a failure with what the compiler said, and the old helper stays', () => {
  mkdirSync(join(directory, 'build'));
  writeFileSync(executable, 'the old one');
  writeFileSync(join(directory, 'src/vfio/helper/broken.c'), '#error this is broken\n');
  const run = build();
  expect(run.status).toBe(1);
  expect(run.stderr).toMatch(
    /^ghpass: ghpass-vfio does not compile with 'cc':\n.*broken\.c:1:2: error: #error this is broken\n/s,
  );
  expect(readdirSync(join(directory, 'build'))).toEqual(['ghpass-vfio']);
  expect(statSync(executable).size).toBe('the old one'.length);
}, 60_000);
