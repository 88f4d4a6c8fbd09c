import { spawnSync } from 'node:child_process';
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

/** What the schema of this machine's libvirt knows: `<ras>` came with 10.4.0, the last of the native profile with 12.7.0. */
function knownProfiles(): ('fallback' | 'native')[] {
  const { stdout } = spawnSync('virsh', ['--version'], { encoding: 'utf8' });
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)\./.exec(stdout ?? '') ?? [];
  const version = Number(major) * 1000 + Number(minor);
  return [version >= 10_004 ? ['fallback' as const] : [], version >= 12_007 ? ['native' as const] : []].flat();
}

const profiles = spawnSync('virt-xml-validate', ['--version']).status === 0 ? knownProfiles() : [];

test.runIf(profiles.length > 0)('the libvirt of this machine has nothing against the domains', () => {
  for (const file of profiles.flatMap((profile) => CASES.map((name) => join(HERE, name, `${profile}.xml`)))) {
    const { stdout, stderr } = spawnSync('virt-xml-validate', [file, 'domain'], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe(`${file} validates\n`);
  }
});

test('there is a case for each shape of guest', () => {
  const directories = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(directories.map(({ name }) => name).toSorted()).toEqual([...CASES].toSorted());
  expect(CASES.length).toBe(9);
});
