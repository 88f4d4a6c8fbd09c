import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { canHaveOwnMounts, graceHostIn } from './kit/grace-host.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

const temporaryDirectory = temporaryDirectories();

beforeAll(() => {
  installedPackage();
});

test.skipIf(!canHaveOwnMounts())('a guest of tests that were killed ends by itself', { timeout: 60_000 }, async () => {
  const host = graceHostIn(temporaryDirectory());
  expect(await host.run(['create-vm', 'demo', '--memory', '1G'])).toMatchObject({ status: 0 });
  const guest = readFileSync(host.path('/run/ghpass/demo/qemu.pid'), 'utf8').trim();
  const environment = readFileSync(`/proc/${guest}/environ`, 'utf8').split('\0');
  const holder = Number(environment.find((entry) => entry.startsWith('GRACE_HOLDER='))?.slice('GRACE_HOLDER='.length));
  expect(holder).toBeGreaterThan(1);
  expect(existsSync(`/proc/${guest}`)).toBe(true);
  // What becomes of it when the runner dies: it reads the other end of a pipe of the runner's.
  process.kill(holder, 'SIGKILL');
  while (host.processes().includes(Number(guest))) await sleep(50);
});

test.skipIf(!canHaveOwnMounts())(
  '--verbose tells on standard error what is run, as a shell takes it, also beside a document',
  { timeout: 60_000 },
  async () => {
    const host = graceHostIn(temporaryDirectory());
    const [before, behind] = await Promise.all([
      host.run(['-v', 'probe', '--json']),
      host.run(['probe', '--json', '--verbose']),
    ]);
    for (const { status, stdout, stderr } of [before, behind]) {
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ command: 'probe', status: 'ok' });
      expect(stderr).toMatch(/^ghpass-vfio probe 0009:01:00\.0\n# ghpass-vfio probe: status 0 after \d+\.\d\d s\n$/);
    }
  },
);
