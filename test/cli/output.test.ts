import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { GH200 } from '../../src/host/builtin/gh200.ts';
import { BUILTIN_HOSTS } from '../../src/host/builtin/index.ts';
import { synthesize } from '../../src/host/builtin/synthesize.ts';
import { ghpass } from './kit/ghpass.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';
import { writeTree } from './kit/tree.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

const temporaryDirectory = temporaryDirectories();

let root: string;
beforeAll(() => {
  root = installedPackage();
});

const PROBE = ['probe', '--host', 'builtin:gh200'];
const DRY = ['create-vm', 'demo', '--host', 'builtin:gh200', '--dry-run'];
const SYNTHETIC =
  'builtin:gh200 is synthetic: sizes are the driver’s arithmetic for 94.5 GiB of coherent memory, not those of a real board\n';

/** A GH200 that no driver has, as a snapshot: one warning and no failure. */
function unboundSnapshot(): string {
  const directory = temporaryDirectory();
  writeTree(synthesize({ ...GH200, gpus: GH200.gpus.map((gpu) => ({ ...gpu, driver: null })) }), directory);
  return directory;
}

describe.concurrent('ghpass', { timeout: PATIENCE_MS }, () => {
  test('alone, with --help and with help shows what there is', async () => {
    const [alone, flag, command] = await Promise.all([ghpass([]), ghpass(['--help']), ghpass(['help'])]);
    expect(alone).toMatchObject({ status: 0, stderr: '' });
    expect(alone.stdout).toMatch(/\nCOMMANDS\n(?: {2}\S.*\n| {4,}\S.*\n)* {2}probe {2,}Ask coherent GPUs/);
    expect(flag.stdout.trim()).toBe(alone.stdout.trim());
    expect(command.stdout.trim()).toBe(alone.stdout.trim());
  });

  test('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const run = await ghpass(['--version']);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toMatch(new RegExp(`^ghpass/${version.replaceAll('.', '[.]')} linux-\\S+ node-v\\S+\n$`));
  });

  test('help of a command is that of its --help, with examples', async () => {
    const [flag, short, command] = await Promise.all([
      ghpass(['create-vm', '--help']),
      ghpass(['create-vm', '-h']),
      ghpass(['help', 'create-vm']),
    ]);
    expect(short.stdout).toBe(flag.stdout);
    expect(command.stdout.trim()).toBe(flag.stdout.trim());
    expect(command.stdout).toContain('$ ghpass create-vm demo --host builtin:gh200 --dry-run --emit argv');
  });

  test('help exit-codes lists them all', async () => {
    const { status, stdout } = await ghpass(['help', 'exit-codes']);
    expect(status).toBe(0);
    expect([...stdout.matchAll(/^ +(\d+) {2}\S/gm)].map(([, code]) => code)).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '70',
      '130',
    ]);
  });

  test('a machine without such a GPU is exit status 3, so that CI can skip', async () => {
    const empty = temporaryDirectory();
    const run = await ghpass(['probe', '--host', empty]);
    expect(run).toMatchObject({ status: 3, stdout: '' });
    expect(run.stderr.split('\n')[0]).toBe(
      `✖ ${empty} has no coherent GPU of the Grace Hopper or Grace Blackwell families (no ACPI tables)`,
    );
  });

  test('a made-up host is said to be one: on standard error, and in the document', async () => {
    const [plain, json, dry] = await Promise.all([ghpass(PROBE), ghpass([...PROBE, '--json']), ghpass(DRY)]);
    expect(plain.stderr).toBe(SYNTHETIC);
    expect(json.stderr).toBe('');
    expect(`builtin:gh200 is synthetic: ${JSON.parse(json.stdout).result.host.synthetic}\n`).toBe(SYNTHETIC);
    expect(dry.stderr).toBe(SYNTHETIC);
  });

  test('--json stands before or behind the command', async () => {
    const [before, behind] = await Promise.all([ghpass(['--json', ...PROBE]), ghpass([...PROBE, '--json'])]);
    expect(before).toEqual(behind);
    expect(JSON.parse(behind.stdout)).toMatchObject({ schemaVersion: 1, command: 'probe', status: 'ok', findings: [] });
  });

  test('a snapshot of a host gives the report of that host', async () => {
    const directory = temporaryDirectory();
    const tree = BUILTIN_HOSTS.gh200?.();
    if (tree) writeTree(tree, directory);
    const [builtin, snapshot] = await Promise.all([
      ghpass([...PROBE, '--json']),
      ghpass(['probe', '--json', '--host', directory]),
    ]);
    const expected = JSON.parse(builtin.stdout);
    Object.assign(expected.result.host, { kind: 'snapshot', name: directory });
    expect(JSON.parse(snapshot.stdout)).toEqual(expected);
    expect(snapshot.status).toBe(0);
  });

  test('a warning is told on standard error, and is a failure with --strict', async () => {
    const args = ['probe', '--host', unboundSnapshot()];
    const [plain, strict, json, both] = await Promise.all([
      ghpass(args),
      ghpass([...args, '--strict']),
      ghpass([...args, '--json']),
      ghpass([...args, '--json', '--strict']),
    ]);
    expect([plain.status, strict.status, json.status, both.status]).toEqual([0, 1, 0, 1]);
    expect(plain.stderr).toContain('▲ warn 0009:01:00.0: no driver is bound');
    expect(plain.stdout).not.toContain('warn');
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 'warn', findings: [{ id: 'driver.unbound' }] });
    expect(JSON.parse(both.stdout)).toMatchObject({ status: 'fail' });
  });

  test('a dry run prints the argument list, for a shell as for a program', async () => {
    const disks = ["it's, here.img", 'a "b" $c;d.qcow2', '-e,,f'].flatMap((name) => ['--disk', `/images/${name}`]);
    const args = [...DRY, '--emit', 'argv', ...disks];
    const [plain, json] = await Promise.all([ghpass(args), ghpass([...args, '--json'])]);
    const words = execFileSync('sh', ['-c', `printf '%s\\0' ${plain.stdout}`], { encoding: 'utf8' });
    const { argv } = JSON.parse(json.stdout).result;
    expect(words.split('\0').slice(0, -1)).toEqual(argv);
    expect(argv).toContain("node-name=disk0-file,driver=file,filename=/images/it's,, here.img");
    expect(argv).toContain('node-name=disk2-file,driver=file,filename=/images/-e,,,,f');
    expect(plain.status).toBe(0);
  });

  test('a dry run prints the plan and nothing else', async () => {
    const [plain, explicit, json] = await Promise.all([
      ghpass(DRY),
      ghpass([...DRY, '--emit', 'plan']),
      ghpass([...DRY, '--json']),
    ]);
    expect(JSON.parse(plain.stdout)).toEqual(JSON.parse(json.stdout).result.plan);
    expect(explicit.stdout).toBe(plain.stdout);
  });

  test.each([
    ['colours', [], {}, true],
    ['no colours with --no-color', ['--no-color'], {}, false],
    ['no colours with NO_COLOR', [], { NO_COLOR: '1' }, false],
    ['colours with an empty NO_COLOR', [], { NO_COLOR: '' }, true],
    ['no colours where TERM is dumb', [], { TERM: 'dumb' }, false],
  ])('on a terminal there are %s', async (_what, flags, env, colored) => {
    const within = ['sh', '-c', 'exec script --quiet --return --command "$*" /dev/null', 'sh'];
    const run = await ghpass(['probe', '--host', unboundSnapshot(), ...flags], { within, env });
    expect(run.stdout).toContain('no driver is bound');
    expect(run.stdout.includes('\u001b[')).toBe(colored);
  });

  test('a reader that leaves early is no failure', async () => {
    const run = await ghpass(PROBE, { within: ['sh', '-c', '"$@" | true', 'sh'] });
    expect(run).toEqual({ status: 0, stdout: '', stderr: SYNTHETIC });
  });
});
