import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type SeedRequest, seedFiles } from '../../../src/guest/image/seed-files.ts';
import { makeSeedImage } from '../../../src/guest/image/seed-image.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';

const READ_SEED = join(import.meta.dirname, 'fixtures/read-seed.py');
/** Debian's cloud-init is for Debian's own Python. */
const PYTHON = '/usr/bin/python3';
const isInstalled = spawnSync(PYTHON, ['-c', 'import cloudinit']).status === 0;

const TEMPLATE = `#cloud-config
ssh_pwauth: false
packages: [ours]
runcmd: [[ours]]
write_files:
- {path: /ours, content: ours}
power_state: {mode: poweroff, delay: now}
`;
const REPORT = '#!/bin/sh\necho report\n';
const KEY = `ssh-ed25519 AAAA "me": {{ you }}`;

/** What a guest's cloud-init learns from a seed, read from its image. */
async function learned(userData: string | null, changes: Partial<SeedRequest> = {}) {
  const directory = temporaryDirectory();
  const image = join(directory, 'seed.iso');
  const request: SeedRequest = {
    hostname: 'demo',
    publicKeys: [KEY],
    userData: userData === null ? null : Buffer.from(userData),
    networkConfig: null,
    template: Buffer.from(TEMPLATE),
    report: Buffer.from(REPORT),
    ...changes,
  };
  const options = { signal: new AbortController().signal, env: {} };
  await makeSeedImage(seedFiles(request, 'demo-1'), { image, directory: join(directory, 'making') }, options);
  const [seed, work] = [join(directory, 'seed'), join(directory, 'work')];
  mkdirSync(work);
  execFileSync('xorriso', ['-osirrox', 'on', '-indev', image, '-extract', '/', seed], { stdio: 'ignore' });
  return JSON.parse(
    execFileSync(PYTHON, [READ_SEED, seed, work], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
}

describe.runIf(isInstalled)('the real cloud-init', () => {
  test('knows the instance, its name and its keys', async () => {
    expect(await learned(null)).toMatchObject({
      instanceId: 'demo-1',
      hostname: 'demo',
      publicKeys: [KEY],
      networkConfig: null,
      scripts: [REPORT],
      cloudConfig: { ssh_pwauth: false, runcmd: [['ours']], write_files: [{ path: '/ours', content: 'ours' }] },
    });
  });

  test('lets the user’s values win, and goes on with the user’s lists', async () => {
    const { cloudConfig } = await learned(`#cloud-config
ssh_pwauth: true
packages: [mine]
runcmd: ['mine one', 'mine two']
write_files:
- {path: /mine, content: mine}
power_state: {delay: '+5'}
users: [default, {name: me}]
`);
    expect(cloudConfig).toEqual({
      ssh_pwauth: true,
      packages: ['mine', 'ours'],
      runcmd: ['mine one', 'mine two', ['ours']],
      write_files: [
        { path: '/mine', content: 'mine' },
        { path: '/ours', content: 'ours' },
      ],
      power_state: { delay: '+5', mode: 'poweroff' },
      users: ['default', { name: 'me' }],
    });
  });

  test('runs the user’s script, after the one that every guest gets', async () => {
    const script = '#!/bin/sh\necho "$1" ünïcode\n';
    const { scripts, cloudConfig } = await learned(script);
    expect(scripts).toEqual([REPORT, script]);
    expect(cloudConfig).toMatchObject({ runcmd: [['ours']] });
  });

  test('renders the user’s template', async () => {
    const { cloudConfig } = await learned(
      '## template: jinja\n#cloud-config\nssh_pwauth: true\nbootcmd: ["echo {{ v1.local_hostname }}"]\n',
    );
    expect(cloudConfig).toMatchObject({ ssh_pwauth: true, bootcmd: ['echo demo'], runcmd: [['ours']] });
  });

  test('takes the user’s document of several parts, and a compressed one', async () => {
    const parts = `Content-Type: multipart/mixed; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/cloud-config

#cloud-config
ssh_pwauth: true
packages: [mine]
--b
Content-Type: text/x-shellscript

#!/bin/sh
true
--b--
`;
    const several = await learned(parts);
    expect(several.cloudConfig).toMatchObject({ ssh_pwauth: true, packages: ['mine', 'ours'] });
    expect(several.scripts).toEqual([REPORT, '#!/bin/sh\ntrue']);
    const zipped = execFileSync('gzip', ['-c'], { input: '#cloud-config\nssh_pwauth: true\n' });
    const { cloudConfig } = await learned(null, { userData: zipped });
    expect(cloudConfig).toMatchObject({ ssh_pwauth: true, packages: ['ours'] });
  });

  test('takes the user’s network configuration', async () => {
    const networkConfig = Buffer.from('version: 2\nethernets: {all: {match: {driver: virtio_net}, dhcp4: true}}\n');
    expect((await learned(null, { networkConfig })).networkConfig).toEqual({
      version: 2,
      ethernets: { all: { match: { driver: 'virtio_net' }, dhcp4: true } },
    });
  });

  test('finds nothing wrong with what every guest gets', () => {
    const template = join(import.meta.dirname, '../../../templates/cloud-init/user-data');
    expect(readFileSync(template, 'utf8')).toMatch(/^#cloud-config\n/);
    const checked = spawnSync('cloud-init', ['schema', '--config-file', template], { encoding: 'utf8' });
    expect(`${checked.stdout}${checked.stderr}`).toMatch(/Valid/);
  });
});
