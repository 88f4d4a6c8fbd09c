import { expect, test } from 'vitest';
import { POWER9_V100, power9 } from '../../src/host/builtin/power9.ts';
import { ghpass } from './kit/ghpass.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';
import { writeTree } from './kit/tree.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 120_000;

const temporaryDirectory = temporaryDirectories();

test('a dry run on a POWER9 host prints the guest that QEMU took for NVLink2', { timeout: PATIENCE_MS }, async () => {
  const directory = temporaryDirectory();
  writeTree(power9(POWER9_V100), directory);
  const dry = ['create-vm', 'volta', '--host', directory, '--gpu', '0004:04:00.0', '--dry-run'];
  const [argv, plan] = await Promise.all([ghpass([...dry, '--emit', 'argv']), ghpass([...dry, '--json'])]);
  expect(argv.status).toBe(0);
  expect(argv.stdout).toMatch(/^qemu-system-ppc64 /);
  expect(argv.stdout).toContain('-device vfio-pci,id=gpu0-link0,host=0006:00:00.0,bus=bridge1.0,addr=0x2');
  expect(argv.stderr).toContain('needs Linux 5.0 to 5.12 and QEMU 4.1 to 8.1');
  expect(JSON.parse(plan.stdout)).toMatchObject({
    status: 'ok',
    result: { plan: { machine: 'pseries', hostBridges: [{ iommuGroup: '4' }] } },
  });
});
