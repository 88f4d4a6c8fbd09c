import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ghpass } from './kit/ghpass.ts';
import { canHaveOwnMounts, GPU, graceHostIn } from './kit/grace-host.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;
const GH200 = ['--host', 'builtin:gh200'];

const temporaryDirectory = temporaryDirectories();

beforeAll(() => {
  installedPackage();
});

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

async function probeOf(source: string) {
  const run = await ghpass(['probe', '--json', '--host', source]);
  return { ...run, document: JSON.parse(run.stdout) };
}

describe.concurrent('ghpass snapshot', { timeout: PATIENCE_MS }, () => {
  test.each(['host.tar.gz', 'host.tgz', 'host'])('writes %s, which gives the report of the host', async (name) => {
    const path = join(temporaryDirectory(), name);
    const run = await ghpass(['snapshot', ...GH200, '-o', path]);
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(
      new RegExp(
        `^${path}: \\d+ KiB, \\d+ files, 2 links\\n {2}devices asked {2}${GPU}\\n {2}software +QEMU, firmware, KVM\\n`,
      ),
    );
    expect(run.stdout).toContain(
      "\n  left out       serial numbers, MAC addresses, values on the kernel's command line, mounts other than huge pages, UUIDs, the host name\n",
    );
    const [live, replayed] = await Promise.all([probeOf('builtin:gh200'), probeOf(path)]);
    Object.assign(live.document.result.host, { kind: 'snapshot', name: path });
    expect(replayed.document).toEqual(live.document);
    expect(replayed.status).toBe(live.status);
  });

  test('is for nobody else to read', async () => {
    const directory = temporaryDirectory();
    const [file, tree] = [join(directory, 'host.tar.gz'), join(directory, 'host')];
    await Promise.all([file, tree].map((path) => ghpass(['snapshot', ...GH200, '-o', path])));
    expect(mode(file)).toBe('600');
    expect([mode(tree), mode(join(tree, 'ghpass')), mode(join(tree, 'ghpass/about.json'))]).toEqual([
      '700',
      '700',
      '600',
    ]);
    expect(readdirSync(directory).sort()).toEqual(['host', 'host.tar.gz']);
  });

  test('says in JSON what it wrote', async () => {
    const path = join(temporaryDirectory(), 'host.tar.gz');
    const run = await ghpass(['snapshot', ...GH200, '-o', path, '--full', '--no-open', '--json']);
    expect(JSON.parse(run.stdout)).toEqual({
      schemaVersion: 1,
      command: 'snapshot',
      status: 'ok',
      result: {
        path,
        size: statSync(path).size,
        files: expect.any(Number),
        links: 2,
        devices: [],
        tools: true,
        leftOut: [],
      },
      findings: [],
    });
  });

  test('is called ghpass-snapshot.tar.gz, where no name is given', async () => {
    const directory = temporaryDirectory();
    const within = ['sh', '-c', `cd ${directory}; exec "$@"`, 'sh'];
    expect(await ghpass(['snapshot', ...GH200], { within })).toMatchObject({ status: 0 });
    expect(readdirSync(directory)).toEqual(['ghpass-snapshot.tar.gz']);
  });

  test.each([
    ['a file', (path: string) => writeFileSync(path, 'precious')],
    ['a directory', (path: string) => mkdirSync(path)],
  ])('overwrites nothing: %s', async (_what, make) => {
    const path = join(temporaryDirectory(), 'host.tar.gz');
    make(path);
    const run = await ghpass(['snapshot', ...GH200, '-o', path, '--json']);
    expect(run.status).toBe(2);
    expect(JSON.parse(run.stdout).error).toEqual({
      code: 'snapshot.exists',
      message: `${path} is there already, and is not overwritten`,
      suggestions: ['ghpass snapshot -o FILE.tar.gz   # another name'],
    });
    if (statSync(path).isFile()) expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test.each(['missing/host.tar.gz', 'missing/host'])('leaves nothing where it cannot write: %s', async (name) => {
    const directory = temporaryDirectory();
    const path = join(directory, name);
    const run = await ghpass(['snapshot', ...GH200, '-o', path, '--json']);
    expect(run.status).toBe(2);
    expect(JSON.parse(run.stdout).error).toMatchObject({
      code: 'snapshot.unwritable',
      message: `${path}: ENOENT; nothing was written`,
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('labels what is no real board', async () => {
    const path = join(temporaryDirectory(), 'host.tar.gz');
    await ghpass(['snapshot', ...GH200, '-o', path, '--synthetic', 'captured in the lab']);
    const run = await ghpass(['probe', '--host', path]);
    expect(run.stderr).toBe(`${path} is synthetic: captured in the lab\n`);
  });

  test('a snapshot that was cut short is one clear error', async () => {
    const path = join(temporaryDirectory(), 'host.tar.gz');
    await ghpass(['snapshot', ...GH200, '-o', path]);
    writeFileSync(path, readFileSync(path).subarray(0, -100));
    const run = await ghpass(['probe', '--host', path]);
    expect(run).toEqual({
      status: 2,
      stdout: '',
      stderr: [
        `✖ ${path}: it ends too early`,
        '  Code: host.snapshot-broken',
        '  Try this: ghpass snapshot -o FILE.tar.gz   # on that host, once more',
        '',
      ].join('\n'),
    });
  });
});

describe.skipIf(!canHaveOwnMounts()).concurrent('on a machine with a GH200', { timeout: PATIENCE_MS }, () => {
  test('a snapshot gives the report of the machine', async () => {
    const host = graceHostIn(temporaryDirectory());
    const path = join(temporaryDirectory(), 'host.tar.gz');
    expect(await host.run(['snapshot', '-o', path])).toMatchObject({ status: 0 });
    const live = JSON.parse((await host.run(['probe', '--json'])).stdout);
    const replayed = await probeOf(path);
    const ofDevice = ({ result }: typeof live) => result.gpus;
    expect(ofDevice(replayed.document)).toEqual(ofDevice(live));
    expect(replayed.document.result.host).toEqual({ kind: 'snapshot', name: path, synthetic: null });
  });

  test('a GPU that gives no answer is a warning, and the snapshot is written', async () => {
    const host = graceHostIn(temporaryDirectory());
    host.replaceTool('ghpass-vfio', 'echo "no memory" >&2; exit 70');
    const path = join(temporaryDirectory(), 'host.tar.gz');
    const run = await host.run(['snapshot', '-o', path, '--json']);
    const document = JSON.parse(run.stdout);
    expect(document.findings[0]).toEqual({
      id: 'snapshot.incomplete',
      severity: 'warn',
      subject: GPU,
      message: `not in the snapshot, because ghpass-vfio probe ${GPU} ended with status 70: no memory`,
      remedy: [],
      reference: 'helper.failed',
    });
    expect(document.status).toBe('warn');
    expect(existsSync(path)).toBe(true);
    expect((await probeOf(path)).document.findings.map(({ id }: { id: string }) => id)).toContain('vfio.not-opened');
  });
});
