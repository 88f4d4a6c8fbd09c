import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SyntheticGpu } from '../../src/host/builtin/synthesize.ts';
import { canHaveOwnMounts, GPU, type GraceHost, graceHostIn } from './kit/grace-host.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

const temporaryDirectory = temporaryDirectories();
const graceHost = (gpu?: Partial<SyntheticGpu>) => graceHostIn(temporaryDirectory(), gpu);

beforeAll(() => {
  installedPackage();
});

/** Both modes of one command line. */
async function inBothModes(host: GraceHost, args: string[], env: Record<string, string> = {}) {
  const plain = await host.run(args, { env });
  const json = await host.run([...args, '--json'], { env });
  expect(json.status).toBe(plain.status);
  expect(json.stderr).toBe('');
  return { status: plain.status, plain, document: JSON.parse(json.stdout) };
}

const CREATE = ['create-vm', 'demo', '--dry-run', '--emit', 'argv'];
const INSTALL_QEMU = [
  'apt-get install qemu-system-arm   # Debian 13 or newer; Debian 12: from bookworm-backports',
  'dnf install qemu-system-aarch64',
];

describe.skipIf(!canHaveOwnMounts()).concurrent('on a machine with a GH200', { timeout: PATIENCE_MS }, () => {
  test('probe asks the device', async () => {
    const { status, plain, document } = await inBothModes(graceHost(), ['probe']);
    expect(status).toBe(0);
    expect(plain.stdout).toContain(`${GPU}  GH200 120GB  layout carveout  ✔ pass`);
    expect(plain.stderr).not.toContain('synthetic');
    expect(document).toMatchObject({
      status: 'ok',
      result: { host: { kind: 'local', synthetic: null }, gpus: [{ address: GPU, sizes: 'measured' }] },
    });
  });

  /** What the helper answered, recorded → exit status and finding. */
  test.each([
    [
      'that somebody else has open',
      { step: 'group-open', errno: 16, path: '/dev/vfio/12' },
      1,
      'vfio.busy',
      "group-open /dev/vfio/12 failed with EBUSY (16): in use, by a running guest or another program; sizes are predicted from firmware's tables",
      ['fuser -v /dev/vfio/12', `ghpass probe ${GPU} --no-open`],
    ],
    [
      'that may not be opened',
      { step: 'group-open', errno: 13, path: '/dev/vfio/12' },
      4,
      'vfio.perms',
      "group-open /dev/vfio/12 failed with EACCES (13): no permission; sizes are predicted from firmware's tables",
      [`sudo ghpass probe ${GPU}`],
    ],
  ])('a device %s is a finding, and the sizes are predicted', async (_what, error, status, id, message, remedy) => {
    const host = graceHost();
    const answer = { schema: 1, address: GPU, via: 'group', deviceInfo: null, regions: [], error };
    writeFileSync(host.path(`/ghpass/vfio/${GPU}.json`), JSON.stringify(answer));
    const both = await inBothModes(host, ['probe']);
    expect(both.status).toBe(status);
    expect(both.document).toMatchObject({
      status: 'fail',
      result: { gpus: [{ sizes: 'predicted', verdict: 'fail' }] },
    });
    expect(both.document.findings).toEqual([
      { id, severity: 'fail', subject: GPU, message, remedy, reference: 'Documentation/driver-api/vfio.rst' },
    ]);
    const tries = remedy.map((line, i) => `  ${i ? '         ' : 'Try this:'} ${line}\n`).join('');
    expect(both.plain.stderr).toBe(`✖ fail ${GPU}: ${message}\n  Code: ${id}\n${tries}`);
  });

  test.each<[string, string | null, string, string, string[]]>([
    [
      'is not there',
      null,
      'helper.missing',
      'the native helper ghpass-vfio is not built, so no device can be asked',
      ['apt-get install gcc libc6-dev', 'dnf install gcc glibc-devel', 'npm rebuild ghpass'],
    ],
    [
      'prints garbage',
      'echo "Segmentation fault"',
      'helper.protocol',
      'ghpass-vfio: output is no JSON',
      ['npm rebuild ghpass'],
    ],
    [
      'answers in another schema',
      `echo '{"schema":2}'`,
      'helper.protocol',
      'ghpass-vfio: schema is 2, not 1',
      ['npm rebuild ghpass'],
    ],
    [
      'fails',
      'echo "no memory" >&2; exit 70',
      'helper.failed',
      `ghpass-vfio probe ${GPU} ended with status 70: no memory`,
      [],
    ],
    ['is killed', 'kill -9 $$', 'helper.failed', `ghpass-vfio probe ${GPU} ended with SIGKILL: `, []],
  ])('a helper that %s is a failure of a tool', async (_what, script, code, message, suggestions) => {
    const host = graceHost();
    if (script === null) host.removeTool('ghpass-vfio');
    else host.replaceTool('ghpass-vfio', script);
    const { status, plain, document } = await inBothModes(host, ['probe']);
    expect(status).toBe(5);
    expect(document).toEqual({
      schemaVersion: 1,
      command: 'probe',
      status: 'error',
      error: { code, message, suggestions },
    });
    expect(plain.stdout).toBe('');
    expect(plain.stderr.split('\n')[0]).toBe(`✖ ${message}`);
  });

  test.each([[['probe']], [['probe', '--json']]])('Ctrl-C while the helper hangs ends %j at once', async (args) => {
    const host = graceHost();
    host.replaceTool('ghpass-vfio', 'touch $GRACE_ROOT/asked; exec sleep 60');
    const running = host.start(args);
    await host.appears('/asked');
    process.kill(running.pid, 'SIGINT');
    const { status, stdout, stderr } = await running.ended;
    expect(status).toBe(130);
    if (args.includes('--json')) {
      const error = { code: 'interrupted', message: 'interrupted', suggestions: [] };
      expect(JSON.parse(stdout)).toEqual({ schemaVersion: 1, command: 'probe', status: 'error', error });
      expect(stderr).toBe('');
    } else expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '✖ interrupted\n  Code: interrupted\n' });
  });

  test('a QEMU that is there is what the argument list begins with', async () => {
    const { status, document } = await inBothModes(graceHost(), CREATE);
    expect(status).toBe(0);
    expect(document.result.argv[0]).toBe('qemu-system-aarch64');
  });

  test('without QEMU there is a plan, and exit status 5', async () => {
    const host = graceHost();
    host.removeTool('qemu-system-aarch64');
    const { status, plain, document } = await inBothModes(host, CREATE);
    expect(status).toBe(5);
    expect(plain.stdout).toMatch(/^qemu-system-aarch64 /);
    expect(document.status).toBe('fail');
    expect(document.findings).toContainEqual(
      expect.objectContaining({
        id: 'stack.version',
        severity: 'fail',
        subject: 'demo',
        message: 'qemu-system-aarch64 is not on PATH',
        remedy: INSTALL_QEMU,
      }),
    );
  });

  test('a QEMU that is too old is named with its version', async () => {
    const { status, document } = await inBothModes(graceHost(), CREATE, { FAKE_QEMU_VERSION: '8.2.2' });
    expect(status).toBe(5);
    expect(document.findings).toContainEqual(
      expect.objectContaining({
        id: 'stack.version',
        severity: 'fail',
        message:
          'QEMU 8.2.2 has no acpi-generic-initiator: the guest would have no node for the coherent memory; 9.2 is the least that ghpass is meant for',
        remedy: INSTALL_QEMU,
      }),
    );
  });

  test('a QEMU that does not answer is a failure of a tool', async () => {
    const host = graceHost();
    host.replaceTool('qemu-system-aarch64', 'echo "libfdt.so.1: cannot open shared object file" >&2; exit 127');
    const { status, document } = await inBothModes(host, CREATE);
    expect(status).toBe(5);
    expect(document.error).toEqual({
      code: 'qemu.no-answer',
      message: 'qemu-system-aarch64 did not answer over QMP (status 127): libfdt.so.1: cannot open shared object file',
      suggestions: ['qemu-system-aarch64 --version'],
    });
  });
});
