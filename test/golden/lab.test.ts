import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { installedPackage } from '../cli/kit/installed.ts';
import { LAB_COMMANDS, LAB_HOSTS, labGolden, replay } from './lab-host.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

beforeAll(() => {
  installedPackage();
});

const cases = LAB_HOSTS.flatMap((host) => Object.keys(LAB_COMMANDS).map((name) => ({ host, name })));

describe.concurrent('what was captured in the lab gives what it gave there', { timeout: PATIENCE_MS }, () => {
  test.each(cases)('$host: $name', async ({ host, name }) => {
    await replay(host, labGolden(host, 'host.tar.gz'), name);
  });
});

test('nothing is golden of a host that is gone', () => {
  expect(readdirSync(join(import.meta.dirname, 'lab')).sort()).toEqual(LAB_HOSTS.toSorted());
});
