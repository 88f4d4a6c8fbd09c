import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { GH200 } from '../../src/host/builtin/gh200.ts';
import { NEWEST_TOOLS } from '../../src/host/programs/newest-tools.ts';
import { filesOf, graceHost, hopper } from '../fixtures/grace-host.ts';
import { ghpass } from './kit/ghpass.ts';
import { canHaveOwnMounts, GPU, graceHostIn } from './kit/grace-host.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';
import { writeTree } from './kit/tree.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

const temporaryDirectory = temporaryDirectories();

beforeAll(() => {
  installedPackage();
});

const DOCTOR = ['doctor', '--host', 'builtin:gh200'];
const SLOW =
  'Linux 6.17.0 maps 93.5 GiB of GPU memory as 1531904 pages of 64 KiB, unless its vendor took huge PFNMAP in: a guest may take minutes before its kernel starts';

/** A snapshot of a made-up host. */
function snapshot(...[spec, changes]: Parameters<typeof filesOf>): string {
  const directory = temporaryDirectory();
  writeTree(filesOf(spec, changes), directory);
  return directory;
}

async function documentOf(args: readonly string[]) {
  const { status, stdout, stderr } = await ghpass([...args, '--json']);
  return { status, stderr, document: JSON.parse(stdout) };
}

describe.concurrent('doctor', { timeout: PATIENCE_MS }, () => {
  test('shows a line for each check and what was found', async () => {
    const { status, stdout, stderr } = await ghpass(DOCTOR);
    expect(status).toBe(0);
    const lines = stdout.trim().split('\n');
    const heads = lines.filter((line) => !line.startsWith('  ') && line !== '');
    expect(heads).toEqual(['host', GPU, 'a plain guest with all GPUs', expect.stringMatching(/^\d+ checks: /)]);
    expect(lines).toContain('  ✔ kernel.page-size          Pages are 64 KiB, as NVIDIA recommends for Grace');
    expect(lines).toContain('  ⚠ boot.slow-bars            GPU memory is mapped into a guest in huge pages');
    expect(stderr).toContain(`▲ warn host: ${SLOW}\n  Code: boot.slow-bars\n  Try this: boot Linux 6.19 or newer\n`);
  });

  test('gives each check in the document', async () => {
    const { status, stderr, document } = await documentOf(DOCTOR);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(document).toMatchObject({
      schemaVersion: 1,
      command: 'doctor',
      status: 'warn',
      result: { host: { kind: 'builtin', name: 'builtin:gh200' }, opened: true },
    });
    const { checks } = document.result;
    expect(checks.length).toBeGreaterThanOrEqual(40);
    expect(checks).toContainEqual({ id: 'kernel.page-size', outcome: 'pass' });
    expect(checks).toContainEqual({ id: 'iommu.group-missing', subject: GPU, outcome: 'pass' });
    expect(document.findings).toEqual([
      {
        id: 'boot.slow-bars',
        severity: 'warn',
        subject: 'host',
        message: SLOW,
        remedy: ['boot Linux 6.19 or newer', 'ghpass create-vm … --timeout 1800'],
        reference: 'Linux 9db65489b872 (6.19), huge PFNMAP; tianocore/edk2#10856, NVIDIA/NV-Kernels#286',
      },
    ]);
  });

  test('--list-checks looks at no host', async () => {
    const { status, document } = await documentOf(['doctor', '--list-checks', '--host', 'builtin:gh200']);
    const plain = await ghpass(['doctor', '--list-checks']);
    expect([status, document.status, plain.status, plain.stderr]).toEqual([0, 'ok', 0, '']);
    const { checks } = document.result;
    expect(checks.length).toBeGreaterThanOrEqual(40);
    expect(checks).toContainEqual({
      id: 'bar2.length-short',
      severity: 'warn',
      title: 'The physical BAR2 is as long as the coherent memory',
    });
    expect(plain.stdout.trim().split('\n')).toHaveLength(checks.length);
    expect(plain.stdout).toMatch(/^bar2\.length-short +warn {2}The physical BAR2 is as long as the coherent memory$/m);
  });

  test('--checks and --skip choose, and the reason is kept', async () => {
    const chosen = ['--checks', 'kernel.page-size,boot.slow-bars', '--skip', 'boot.slow-bars'];
    const [given, plain] = await Promise.all([
      documentOf([...DOCTOR, ...chosen, '--reason', 'we have time', '--strict']),
      ghpass([...DOCTOR, ...chosen]),
    ]);
    expect(given.status).toBe(0);
    expect(given.document).toMatchObject({ status: 'ok', findings: [] });
    expect(given.document.result.checks).toEqual([
      { id: 'kernel.page-size', outcome: 'pass' },
      { id: 'boot.slow-bars', outcome: 'skipped', reason: 'we have time' },
    ]);
    expect(plain.stdout).toBe(
      [
        'host',
        '  ✔ kernel.page-size  Pages are 64 KiB, as NVIDIA recommends for Grace',
        '  – boot.slow-bars    GPU memory is mapped into a guest in huge pages: skipped, because --skip was given',
        '',
        '2 checks: 1 passed, 1 skipped',
        '',
      ].join('\n'),
    );
  });

  test('--strict makes a failure of a warning', async () => {
    const { status, document } = await documentOf([...DOCTOR, '--strict']);
    expect([status, document.status]).toEqual([1, 'fail']);
  });

  test('what is not known is no better than a warning, and says why', async () => {
    const host = snapshot(graceHost([hopper()], { release: '6.19.0', tools: null }));
    const lenient = await documentOf(['doctor', '--host', host]);
    const strict = await documentOf(['doctor', '--host', host, '--strict']);
    expect([lenient.status, lenient.document.status]).toEqual([0, 'warn']);
    expect([strict.status, strict.document.status]).toEqual([1, 'fail']);
    expect(lenient.document.findings).toEqual([]);
    const reason = `${host} does not tell about its tools`;
    expect(lenient.document.result.checks).toContainEqual({ id: 'stack.version', outcome: 'unknown', reason });
  });

  test('only information that is not known is no warning', async () => {
    const host = snapshot(graceHost([hopper()]), { files: { '/proc/sys/kernel/numa_balancing': null } });
    const { document } = await documentOf(['doctor', '--host', host, '--checks', 'numa.balancing']);
    expect(document.status).toBe('ok');
  });

  test.each([
    ['of the host', snapshotOf({ '/sys/class/vfio/noiommu-0/dev': '511:0\n' }), 'iommu.noiommu'],
    ['of a GPU', snapshotOf({ [`/sys/bus/pci/devices/${GPU}/reset_method`]: '\n' }), 'reset.none'],
    [
      'of a tool',
      () => snapshot({ ...GH200, release: '6.19.0', tools: { ...NEWEST_TOOLS, qemu: null } }),
      'stack.version',
    ],
  ])('any failure %s is exit status 1', async (_what, make, id) => {
    const { status, document } = await documentOf(['doctor', '--host', make()]);
    expect([status, document.status]).toEqual([1, 'fail']);
    expect(document.findings.map((finding: { id: string }) => finding.id)).toContain(id);
  });

  test('a host without a coherent GPU is exit status 3', async () => {
    const host = snapshot(graceHost([]));
    const { status, document } = await documentOf(['doctor', '--host', host]);
    expect(status).toBe(3);
    expect(document).toMatchObject({ status: 'error', error: { code: 'platform.unsupported' } });
  });

  test.skipIf(!canHaveOwnMounts())('opens no device of this machine, and says so once', async () => {
    const host = graceHostIn(temporaryDirectory());
    host.replaceTool('ghpass-vfio', 'test "$1" = kvm || touch $GRACE_ROOT/asked; exit 70');
    const { stdout, stderr } = await host.run(['doctor']);
    expect(existsSync(host.path('/asked'))).toBe(false);
    expect(
      stderr.match(/the devices are not opened, so their sizes are predicted; ghpass probe asks them\n/g),
    ).toHaveLength(1);
    expect(stdout).toMatch(
      new RegExp(`  – vfio.busy .*: skipped, because it opens the device, which resets it: ghpass probe ${GPU}\n`),
    );
  });
});

/** A GH200 with these files, as a snapshot that is made where it is needed. */
function snapshotOf(files: Record<string, string>): () => string {
  return () => snapshot({ ...GH200, release: '6.19.0' }, { files });
}
