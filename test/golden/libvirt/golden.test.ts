import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDomain } from '../../../src/libvirt/read-domain.ts';
import { CASES, outputs } from './case.ts';

const HERE = import.meta.dirname;

describe.each(CASES)('%s', (name) => {
  test('gives the plan and the domains that are beside it', async () => {
    for (const [file, text] of Object.entries(await outputs(name))) {
      const path = join(HERE, name, file);
      if (process.env.UPDATE_GOLDEN) writeFileSync(path, text);
      expect(text, `${name}/${file}`).toBe(existsSync(path) ? readFileSync(path, 'utf8') : null);
    }
  });

  test('gives two domains that say the same of all that GPUs have to fit in with', async () => {
    const made = await outputs(name);
    expect(readDomain(made['fallback.xml'])).toEqual(readDomain(made['native.xml']));
  });
});

test('there is a case for each shape of guest', () => {
  const directories = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(directories.map(({ name }) => name).toSorted()).toEqual([...CASES].toSorted());
  expect(CASES.length).toBe(7);
});
