import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ghpass } from './kit/ghpass.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;
const HOST = ['--host', 'builtin:gh200'];

const temporaryDirectory = temporaryDirectories();

beforeAll(() => {
  installedPackage();
});

describe.concurrent('ghpass topology', { timeout: PATIENCE_MS }, () => {
  test('draws a host in the characters and columns that there are, and says itself that it is made up', async () => {
    const [plain, unicode] = await Promise.all([
      ghpass(['topology', ...HOST], { env: { COLUMNS: '72' } }),
      ghpass(['topology', ...HOST], { env: { LANG: 'C.UTF-8', COLUMNS: '72' } }),
    ]);
    expect(plain).toMatchObject({ status: 0, stderr: '' });
    expect(plain.stdout).toMatch(/^\+- host builtin:gh200 -{49}\+\n\| synthetic: /);
    expect(unicode.stdout).toMatch(/^┌─ host builtin:gh200 ─{49}┐\n/);
    expect(unicode.stdout).toContain('GPU 0009:01:00.0  GH200 120GB');
  });

  test('draws what create-vm has planned, from a pipe', async () => {
    const planned = await ghpass(['create-vm', 'demo', ...HOST, '--dry-run', '--emit', 'plan']);
    const drawn = await ghpass(['topology', '--plan-file', '-', ...HOST, '--json'], { input: planned.stdout });
    expect(drawn.status).toBe(0);
    const { window, nodes } = JSON.parse(drawn.stdout).result.guest;
    expect(window).toEqual({ sizeBytes: JSON.parse(planned.stdout).machine.windowBytes, gpuBytes: 256 * 2 ** 30 });
    expect(nodes[0].gpus[0].place).toMatchObject({ kind: 'expander', guestAddress: '0000:41:00.0', expanderBus: 64 });
  });

  test.each<[string, string[], number, string]>([
    ['two guests at once', ['demo', '--plan'], 2, 'one guest is drawn at a time, not demo and --plan'],
    ['a guest of another host', ['demo', ...HOST], 2, '--host builtin:gh200: demo is looked for on this machine only'],
    [
      'a file that is not there',
      ['--plan-file', '/nowhere/plan.json', ...HOST],
      2,
      '--plan-file /nowhere/plan.json: ENOENT',
    ],
    ['a GPU that is not there', ['--gpu', '0019:01:00.0', ...HOST], 3, '0019:01:00.0 is no coherent GPU of this host'],
  ])('refuses %s', async (_what, args, status, message) => {
    const run = await ghpass(['topology', ...args]);
    expect(run).toMatchObject({ status, stdout: '' });
    expect(run.stderr).toContain(`✖ ${message}`);
  });

  test('--svg makes a new file, whole, and overwrites none', async () => {
    const directory = temporaryDirectory();
    const svg = join(directory, 'gh200.svg');
    const first = await ghpass(['topology', ...HOST, '--svg', svg]);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    const drawn = readFileSync(svg, 'utf8');
    expect(drawn).toMatch(/^<\?xml .*<svg .*<\/svg>\n$/s);
    const [again, nowhere] = await Promise.all([
      ghpass(['topology', ...HOST, '--svg', svg]),
      ghpass(['topology', ...HOST, '--svg', join(directory, 'missing/gh200.svg')]),
    ]);
    expect(again).toMatchObject({ status: 2, stdout: '' });
    expect(again.stderr).toContain(`✖ ${svg} is there already, and is not overwritten\n  Code: file.exists`);
    expect(nowhere).toMatchObject({ status: 2, stdout: '' });
    expect(nowhere.stderr).toContain('gh200.svg: ENOENT; nothing was written\n  Code: file.unwritable');
    expect(readFileSync(svg, 'utf8')).toBe(drawn);
    expect(readdirSync(directory)).toEqual(['gh200.svg']);
  });

  test('on a host without such a GPU is exit status 3, as probe', async () => {
    const run = await ghpass(['topology', '--host', temporaryDirectory(), '--json']);
    expect(run.status).toBe(3);
    expect(JSON.parse(run.stdout)).toMatchObject({
      command: 'topology',
      status: 'error',
      error: { code: 'platform.unsupported' },
    });
  });
});
