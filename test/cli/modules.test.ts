import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ghpass } from './kit/ghpass.ts';
import { canHaveOwnMounts, graceHostIn } from './kit/grace-host.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;
const LIST_MODULES = join(import.meta.dirname, 'fixtures/list-modules.cjs');

const temporaryDirectory = temporaryDirectories();

beforeAll(() => {
  installedPackage();
});

async function loadedModules(args: string[], run: typeof ghpass = ghpass): Promise<string[]> {
  const list = join(temporaryDirectory(), 'modules');
  const env = { NODE_OPTIONS: `--require ${LIST_MODULES}`, MODULE_LIST: list };
  expect(await run(args, { env })).toMatchObject({ status: 0 });
  return readFileSync(list, 'utf8').trim().split('\n');
}

const namesOf = (modules: string[], packages: RegExp) =>
  modules.filter((path) => packages.test(path.replace(/^.*\/node_modules\/\.cache\/[^/]+\/[^/]+/, '')));

/** What draws on a terminal, and what takes longer to load than a run that needs none of it. */
const TERMINAL = /\b(?:ink|react|node-pty|yoga-layout|screen\.mjs)\b/;
/** For a domain, its validator is all. */
const BESIDE_XML = /\b(?:ink|react|node-pty|yoga-layout|screen\.mjs|zod|execa|modern-tar|diff)\b/;
const SLOW = /\b(?:ink|react|node-pty|yoga-layout|screen\.mjs|zod|execa|fast-xml-parser|modern-tar)\b/;

describe.concurrent('modules that are loaded', { timeout: PATIENCE_MS }, () => {
  test.each([
    [['--version'], SLOW],
    [['probe', '--host', 'builtin:gh200', '--json'], SLOW],
    [['create-vm', 'demo', '--host', 'builtin:gh200', '--dry-run', '--emit', 'argv', '--json'], TERMINAL],
    [['create-vm', 'demo', '--host', 'builtin:gh200', '--dry-run', '--emit', 'xml', '--json'], BESIDE_XML],
  ])('by %j', async (args, unwanted) => {
    const modules = await loadedModules(args);
    expect(modules.some((path) => path.includes('/dist/') || path.endsWith('/bin/run.js'))).toBe(true);
    expect(namesOf(modules, unwanted)).toEqual([]);
  });

  test.skipIf(!canHaveOwnMounts())('by a probe that runs the helper: execa is one of them', async () => {
    const host = graceHostIn(temporaryDirectory());
    expect(namesOf(await loadedModules(['probe'], host.run), SLOW)).not.toEqual([]);
  });
});
