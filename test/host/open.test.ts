import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openHost } from '../../src/host/open.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

describe('--host', () => {
  test('builtin:gh200 is a made-up host, and says so', async () => {
    const host = openHost('builtin:gh200');
    expect(host).toMatchObject({
      source: {
        kind: 'builtin',
        name: 'builtin:gh200',
        synthetic: 'sizes are the driver’s arithmetic for 94.5 GiB of coherent memory, not those of a real board',
      },
      release: '6.17.0',
      machine: 'aarch64',
    });
    expect(await host.askDevice('0009:01:00.0')).toContain('"address":"0009:01:00.0"');
    expect(await host.askDevice('0001:01:00.0')).toBeNull();
    expect(await host.askTools()).toMatchObject({ kvm: { usable: true } });
  });

  test('a directory is a captured host; what it does not tell is null', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'ghpass'));
    writeFileSync(join(directory, 'ghpass/uname'), '6.12.107+deb13-arm64\n');
    const host = openHost(directory);
    expect(host).toMatchObject({
      source: { kind: 'snapshot', name: directory, synthetic: null },
      release: '6.12.107+deb13-arm64',
      machine: null,
    });
    expect(await host.askDevice('0009:01:00.0')).toBeNull();
    expect(await host.askTools()).toBeNull();
  });

  test.each<[string, string, string]>([
    ['about.json', '{"synthetic":', 'no JSON'],
    ['about.json', '{"synthetic":[]}', '"synthetic" is no string'],
  ])('a captured host whose %s is %s is refused', (file, text, what) => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'ghpass'));
    writeFileSync(join(directory, 'ghpass', file), text);
    expect(() => openHost(directory)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'host.snapshot-broken',
        message: `${directory}: /ghpass/${file}: ${what}`,
      }),
    );
  });

  test('a captured host that says null about itself is not synthetic', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'ghpass'));
    writeFileSync(join(directory, 'ghpass/about.json'), 'null');
    expect(openHost(directory).source.synthetic).toBeNull();
  });

  test('a captured host whose tools.json is no JSON is refused when it is asked for', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'ghpass'));
    writeFileSync(join(directory, 'ghpass/tools.json'), '{');
    await expect(openHost(directory).askTools()).rejects.toThrow(
      expect.objectContaining({
        code: 'host.snapshot-broken',
        message: `${directory}: /ghpass/tools.json: no JSON`,
      }),
    );
  });

  test('local is this machine', () => {
    expect(openHost('local').source).toEqual({ kind: 'local', name: 'local', synthetic: null });
  });

  test.each(['gh201', 'constructor', '__proto__', ''])('builtin:%s is not built in, and is refused', (name) => {
    expect(() => openHost(`builtin:${name}`)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'host.unknown-builtin',
        message: `--host builtin:${name}: no such built-in host`,
        suggestions: expect.arrayContaining(['--host builtin:gh200']),
        exitStatus: 2,
      }),
    );
  });

  test('a path that is no directory is refused', () => {
    const path = join(temporaryDirectory(), 'missing');
    expect(() => openHost(path)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'host.snapshot-missing',
        message: `--host ${path}: no such directory, and neither "local" nor "builtin:NAME"`,
        suggestions: expect.arrayContaining(['--host builtin:gh200']),
        exitStatus: 2,
      }),
    );
  });
});
