import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Report, recordedConsole, recordedReport, reportLine } from '../guest/recorded.ts';
import { canHaveOwnMounts, GPU, type GraceHost, graceHostIn } from './kit/grace-host.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

const temporaryDirectory = temporaryDirectories();

beforeAll(() => {
  installedPackage();
});

const IN_GUEST = '/sys/bus/pci/devices/0000:41:00.0';
/** BAR0, BAR2 and BAR4 as the built-in GH200 has them in a guest. */
const RESOURCE = [
  '0x0000010000000000 0x0000010000ffffff 0x000000000014220c',
  '0x0000000000000000 0x0000000000000000 0x0000000000000000',
  '0x0000010040000000 0x000001007fffffff 0x000000000014220c',
  '0x0000000000000000 0x0000000000000000 0x0000000000000000',
  '0x0000012000000000 0x0000013fffffffff 0x000000000014220c',
];

/** The recorded guest, as if the stand-in had been the GPU. */
function withGpu(report: Report): Report {
  const { texts } = report;
  Object.assign(texts, {
    [`${IN_GUEST}/vendor`]: '0x10de\n',
    [`${IN_GUEST}/device`]: '0x2342\n',
    [`${IN_GUEST}/resource`]: `${RESOURCE.join('\n')}\n`,
  });
  return report;
}

/** Runs smoke on a machine whose QEMU shows this console: that of a guest of 1 GiB. */
async function smoke(console: string, ...flags: string[]) {
  const host = graceHostIn(temporaryDirectory(), { driver: null });
  const kernel = host.path('/kernel');
  writeFileSync(kernel, '');
  writeFileSync(host.path('/console'), console);
  const env = { FAKE_QEMU_CONSOLE: host.path('/console') };
  const run = await host.run(['smoke', '--bind', '--memory', '1G', '--kernel', kernel, ...flags], { env });
  return { ...run, host };
}

function expectUntouched(host: GraceHost): void {
  expect(host.driver()).toBeNull();
  expect(host.journals()).toEqual([]);
  expect(existsSync(host.path('/run/ghpass')) ? readdirSync(host.path('/run/ghpass')) : []).toEqual([]);
  expect(readFileSync(host.path(`/sys/bus/pci/devices/${GPU}/driver_override`), 'utf8').trim()).toBe('');
}

describe.skipIf(!canHaveOwnMounts()).concurrent('smoke', { timeout: PATIENCE_MS }, () => {
  test('a guest that is as planned: every line is good, and the host is as before', async () => {
    const { status, stdout, host } = await smoke(reportLine(withGpu(recordedReport('one-gpu'))));
    expect(stdout).toContain(
      `${GPU}\n  ✔ PCI function, alone in slot 0 behind its root port: 0000:41:00.0 10de:2342\n`,
    );
    expect(stdout).toContain('  ✔ BAR4: 128 GiB\n');
    expect(stdout).not.toContain('✖');
    expect(status).toBe(0);
    expectUntouched(host);
  });

  test('a guest that is as planned once, and not when it has rebooted, is not as planned', async () => {
    const good = reportLine(withGpu(recordedReport('one-gpu')));
    const { status, stdout, host } = await smoke(`${good}${recordedConsole('one-gpu')}`, '--reboot', '--json');
    expect(status).toBe(1);
    const { comparisons } = JSON.parse(stdout).result;
    const bars = comparisons.filter(({ what }: { what: string }) => what === 'BAR4');
    expect(bars.map(({ equal }: { equal: boolean }) => equal)).toEqual([true, false]);
    expectUntouched(host);
  });

  test('a guest that is not as planned: exit status 1, what is different, and the host is as before', async () => {
    const { status, stdout, host } = await smoke(recordedConsole('one-gpu'), '--json');
    expect(status).toBe(1);
    const document = JSON.parse(stdout);
    expect(document.status).toBe('fail');
    const failures = document.findings.filter(({ severity }: { severity: string }) => severity === 'fail');
    expect(failures.map(({ subject, message }: { subject: string; message: string }) => [subject, message])).toEqual([
      [
        GPU,
        'in the guest, PCI function, alone in slot 0 behind its root port: 0000:41:00.0 1af4:1044; planned: 0000:41:00.0 10de:2342',
      ],
      [GPU, 'in the guest, BAR0: not there; planned: 16 MiB'],
      [GPU, 'in the guest, BAR2: not there; planned: 1 GiB'],
      [GPU, 'in the guest, BAR4: 16 KiB; planned: 128 GiB'],
    ]);
    expectUntouched(host);
  });

  test('a guest that stays silent: exit status 6, the end of its console, and the host is as before', async () => {
    const { status, stdout, host } = await smoke('one\r\ntwo\r\nKernel panic\r\n', '--timeout', '2', '--json');
    expect(status).toBe(6);
    expect(JSON.parse(stdout).error).toEqual({
      code: 'guest.silent',
      message: 'the guest is up after 2 s without a report; its console ends with: one | two | Kernel panic',
      suggestions: ['--timeout SECONDS', '--kernel FILE   # an arm64 kernel that boots without modules'],
    });
    expectUntouched(host);
  });

  test('a report that cannot be read: exit status 5, and the host is as before', async () => {
    const { status, stdout, host } = await smoke('ghpass-report: {"schema":2}\n', '--json');
    expect(status).toBe(5);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'guest.report-broken',
      message: 'the report of the guest cannot be read: schema: Invalid input: expected 1',
    });
    expectUntouched(host);
  });
});
