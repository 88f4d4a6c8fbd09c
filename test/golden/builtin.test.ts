import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { BUILTIN_HOSTS } from '../../src/host/builtin/index.ts';
import { ghpass } from '../cli/kit/ghpass.ts';
import { installedPackage } from '../cli/kit/installed.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;
const EXPECTED = join(import.meta.dirname, 'builtin');

/** Commands whose document for each host is golden, by the name of the file that has it. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = { probe: ['probe'], doctor: ['doctor'] };

beforeAll(() => {
  installedPackage();
});

const hosts = Object.keys(BUILTIN_HOSTS);
const cases = hosts.flatMap((host) => Object.entries(COMMANDS).map(([name, args]) => ({ host, name, args })));

describe.concurrent('a host that ships with ghpass', { timeout: PATIENCE_MS }, () => {
  test.each(cases)('$host: $name', async ({ host, name, args }) => {
    const { status, stdout, stderr } = await ghpass([...args, '--json', '--host', `builtin:${host}`]);
    const made = `${JSON.stringify({ exitStatus: status, document: JSON.parse(stdout) }, null, 2)}\n`;
    const path = join(EXPECTED, host, `${name}.json`);
    if (process.env.UPDATE_GOLDEN) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, made);
    }
    expect(existsSync(path), `${path} is to be written: test/golden/README.md`).toBe(true);
    expect(made).toBe(readFileSync(path, 'utf8'));
    expect(stderr).toBe('');
  });
});

test('nothing is golden of a host that is gone', () => {
  expect(readdirSync(EXPECTED).sort()).toEqual(hosts.toSorted());
});
