import { describe, expect, test } from 'vitest';
import { LAB_TEST_TIMEOUT_MS, runStepsInLab, type StepResult } from './harness.ts';
import { HOST_STATE, PRISTINE } from './host-state.ts';

const GIB = 2 ** 30;
const GPU = '0000:01:00.0';

interface Expected {
  bind: { status: number; code?: string };
  /** Of `probe` after the bind, or of the device that could not be bound. */
  probe: { status: number; strict: number; layout: string | null; findings: string[] };
  usable?: { size: number; barSize: number };
  reserved?: { size: number; barSize: number } | null;
  /** `region` and `mapped` are null where the device cannot be opened. */
  bar2: Record<'length' | 'region' | 'mapped' | 'memory', number | null> & { sufficient: boolean | null };
}

/** 3.5 GiB of memory, split by the driver into 1 GiB and the rest, or not. */
const CARVED: Pick<Expected, 'usable' | 'reserved'> = {
  usable: { size: 2.5 * GIB, barSize: 4 * GIB },
  reserved: { size: 1 * GIB, barSize: 1 * GIB },
};
/** The carve-out is region 2, so its length is not that of the BAR. */
const LONG_BAR2 = { length: 4 * GIB, region: 1 * GIB, mapped: 1 * GIB, memory: 3.5 * GIB, sufficient: true };
/** The driver's fallback shows the BAR itself, and nothing knows of memory. */
const PLAIN_BAR2 = { length: 4 * GIB, region: 4 * GIB, mapped: 4 * GIB, memory: null, sufficient: null };
const UNOPENED = { region: null, mapped: null };
const BOUND = { status: 0 };
const FINE = { status: 0, strict: 0, layout: 'carveout', findings: ['vfio.probe-reset'] };

/** What each host of the lab answers, by the driver's arithmetic. */
const HOSTS: Record<string, Expected> = {
  gh200: { bind: BOUND, probe: FINE, ...CARVED, bar2: LONG_BAR2 },
  'gh200-odd': {
    bind: BOUND,
    probe: FINE,
    usable: { size: 1 * GIB, barSize: 2 * GIB },
    reserved: { size: 0x5f123000, barSize: 2 * GIB },
    bar2: { ...LONG_BAR2, region: 2 * GIB, mapped: 0x5f123000, memory: 0x9f123000 },
  },
  gb200: {
    bind: BOUND,
    probe: { ...FINE, layout: 'whole' },
    usable: { size: 3.5 * GIB, barSize: 4 * GIB },
    reserved: null,
    bar2: { ...LONG_BAR2, region: 4 * GIB, mapped: 4 * GIB },
  },
  'gh200-nvl2': { bind: BOUND, probe: FINE, ...CARVED, bar2: LONG_BAR2 },
  'gh200-bar2-short': {
    bind: BOUND,
    probe: { ...FINE, strict: 1, findings: ['vfio.probe-reset', 'bar2.length-short'] },
    ...CARVED,
    bar2: { ...LONG_BAR2, length: 2 * GIB, sufficient: false },
  },
  'gh200-no-dsd': {
    bind: BOUND,
    probe: {
      status: 1,
      strict: 1,
      layout: 'none',
      findings: ['acpi.dsd-missing', 'vfio.probe-reset', 'driver.no-coherent'],
    },
    bar2: PLAIN_BAR2,
  },
  'gh200-size-missing': {
    bind: BOUND,
    probe: {
      status: 1,
      strict: 1,
      layout: 'none',
      findings: ['acpi.dsd-missing', 'vfio.probe-reset', 'driver.no-coherent'],
    },
    bar2: PLAIN_BAR2,
  },
  'gh200-too-small': {
    bind: { status: 1, code: 'driver.bind-eoverflow' },
    probe: { status: 1, strict: 1, layout: null, findings: ['driver.bind-eoverflow', 'driver.unbound'] },
    bar2: { ...LONG_BAR2, ...UNOPENED, memory: 0.5 * GIB },
  },
};

/** These ids came into the driver's table with Linux 6.13 and 6.14; an override binds them all the same. */
const UNKNOWN_TO_STOCK = new Set(['gb200', 'gh200-nvl2']);

/** The wait for the readiness registers came with Linux 6.14. */
const NOT_READY: Record<string, Expected> = {
  stock: { bind: BOUND, probe: FINE, ...CARVED, bar2: LONG_BAR2 },
  full: {
    bind: { status: 1, code: 'c2c.not-ready' },
    probe: { status: 0, strict: 1, layout: 'carveout', findings: ['driver.unbound'] },
    ...CARVED,
    bar2: { ...LONG_BAR2, ...UNOPENED },
  },
};

describe.each(['stock', 'full'] as const)('the %s kernel', (kernel) => {
  const hosts = { ...HOSTS, 'gh200-not-ready': NOT_READY[kernel] as Expected };
  test.each(Object.entries(hosts))(
    '%s',
    async (host, expected) => {
      const { step } = await runStepsInLab({
        kernel,
        userland: 'trixie',
        host,
        steps: {
          bind: `ghpass bind ${GPU} --json`,
          probe: `ghpass probe ${GPU} --json`,
          strict: `ghpass probe ${GPU} --json --strict`,
          release: `ghpass release ${GPU}`,
          state: HOST_STATE,
        },
      });
      expect(errorCode(step('bind'))).toEqual(expected.bind);
      const probe = JSON.parse(step('probe').stdout);
      const isUnknown = kernel === 'stock' && UNKNOWN_TO_STOCK.has(host);
      const findings = [...(isUnknown ? ['device.unknown-id'] : []), ...expected.probe.findings];
      expect({
        status: step('probe').status,
        strict: step('strict').status,
        layout: probe.result.gpus[0].layout,
        findings: probe.findings.map(({ id }: { id: string }) => id),
      }).toEqual({ ...expected.probe, findings, strict: isUnknown ? 1 : expected.probe.strict });
      const [gpu] = probe.result.gpus;
      expect(gpu.bar2).toMatchObject(expected.bar2);
      if (expected.usable) expect(gpu.usable).toEqual({ region: 4, ...expected.usable });
      if (expected.reserved !== undefined)
        expect(gpu.reserved).toEqual(expected.reserved && { region: 2, ...expected.reserved });
      if (expected.bind.status === 0) {
        expect(gpu).toMatchObject({ driver: 'nvgrace_gpu_vfio_pci', openedVia: kernel === 'full' ? 'cdev' : 'group' });
      }
      expect(step('release').status).toBe(0);
      expect(step('state').stdout).toBe(PRISTINE);
    },
    LAB_TEST_TIMEOUT_MS,
  );
});

function errorCode({ status, stdout }: StepResult): { status: number; code?: string } {
  const { error } = JSON.parse(stdout) as { error?: { code: string } };
  return error ? { status, code: error.code } : { status };
}
