import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileWithFakeKernel } from '../vfio/helper/compile.ts';
import { scenarioText } from '../vfio/helper/fake-kernel.ts';
import { GROUP_HOST, regionInfo } from '../vfio/helper/recorded-device.ts';
import { canHaveOwnMounts, GPU, type GraceHost, graceHostIn } from './kit/grace-host.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;
const GIB = 2 ** 30;

const temporaryDirectory = temporaryDirectories();
let helper: string;

beforeAll(() => {
  installedPackage();
  helper = compileWithFakeKernel(temporaryDirectory(), ['-O1']);
}, 120_000);

/**
 * A machine with a GH200 whose memory is behind the real helper, on the kernel of its tests.
 * @param faults of the usable memory, as fake-memory.c has them.
 */
function hostWithMemory(faults = ''): GraceHost {
  const host = graceHostIn(temporaryDirectory());
  const scenario = host.path('/scenario');
  writeFileSync(
    scenario,
    scenarioText({
      ...GROUP_HOST,
      'ioctl device 3b6c 4': `bytes ${regionInfo(4, 0xf, BigInt(128 * GIB))}`,
      [`memory device ${2n << 40n}`]: `${GIB} of ${GIB}`,
      [`memory device ${4n << 40n}`]: `${93.5 * GIB} of ${128 * GIB} ${faults}`.trimEnd(),
      [`memory device ${7n << 40n}`]: '4096 of 4096',
    }),
  );
  const recorded = join(import.meta.dirname, 'fixtures/bin/ghpass-vfio');
  const environment = `GHPASS_VFIO_SCENARIO=${scenario} GHPASS_VFIO_TRACE=${host.path('/trace')}`;
  host.replaceTool(
    'ghpass-vfio',
    `if [ "$1" = memory ]; then ${environment} exec ${helper} "$@"; else exec ${recorded} "$@"; fi`,
  );
  return host;
}

/** What the helper did is in the trace: nothing may be left open. */
function closed(host: GraceHost): string[] {
  return readFileSync(host.path('/trace'), 'utf8').trimEnd().split('\n').slice(-3);
}

const CLOSED = ['close device', 'close /dev/vfio/12', 'close /dev/vfio/vfio'];
const QUICK = ['probe', '--memory', 'quick', '--destructive'];

describe.skipIf(!canHaveOwnMounts()).concurrent('on a machine with a GH200', { timeout: PATIENCE_MS }, () => {
  test('quick validation of memory that is as it should be', async () => {
    const host = hostWithMemory();
    const { status, stdout } = await host.run([...QUICK, '--json']);
    const { findings, result } = JSON.parse(stdout);
    expect(findings.map(({ id }: { id: string }) => id)).toEqual(['vfio.probe-reset']);
    expect(status).toBe(0);
    const [usable, reserved] = result.gpus[0].memory.areas;
    expect(result.gpus[0]).toMatchObject({ verdict: 'pass', memory: { mode: 'quick', error: null } });
    expect(usable).toMatchObject({ region: 4, size: 93.5 * GIB, mapping: 'cached', busError: null });
    expect(usable.rounds.map(({ pattern }: { pattern: string }) => pattern)).toEqual(['address', 'inverted']);
    expect(usable.edges).toMatchObject({ mapBeyond: 22, mapAcross: 22, readAtEnd: { errno: 22 } });
    expect(reserved).toMatchObject({ region: 2, size: GIB, mapping: 'combined' });
    expect(closed(host)).toEqual(CLOSED);
  });

  test('says what became of it', async () => {
    const { stdout } = await hostWithMemory().run(QUICK);
    expect(stdout).toMatch(/\n {2}memory {11}quick, \d+ KiB read back, no word is wrong\n/);
  });

  test.each([
    ['a stuck bit', 'set 0x1008 0x10', ['memory.bit-errors']],
    ['a dead address line', 'line 30', ['memory.aliased']],
    ['a mapping that ends too early', 'short 0x40000000', ['memory.short-mapping']],
    ['padding that is the memory once more', 'wraps', ['memory.padding-readable', 'memory.padding-writable']],
  ])('finds %s', async (_what, fault, ids) => {
    const host = hostWithMemory(fault);
    const { status, stdout } = await host.run([...QUICK, '--json']);
    const { findings, result } = JSON.parse(stdout);
    expect(findings.map(({ id }: { id: string }) => id)).toEqual(['vfio.probe-reset', ...ids]);
    expect(result.gpus[0].verdict).toBe('fail');
    expect(status).toBe(1);
    expect(closed(host)).toEqual(CLOSED);
  });

  test('memory that was not asked for is null', async () => {
    const host = hostWithMemory();
    const { stdout } = await host.run(['probe', '--json']);
    expect(JSON.parse(stdout).result.gpus[0].memory).toBeNull();
    expect(existsSync(host.path('/trace'))).toBe(false);
  });

  test('a GPU that somebody else has is said to be busy, and its memory is left alone', async () => {
    const host = hostWithMemory();
    const error = { step: 'group-open', errno: 16, path: '/dev/vfio/12' };
    const answer = { schema: 1, address: GPU, via: 'group', deviceInfo: null, regions: [], error };
    writeFileSync(host.path(`/ghpass/vfio/${GPU}.json`), JSON.stringify(answer));
    for (const args of [QUICK, ['scrub', GPU, '--destructive']]) {
      const { status, stdout } = await host.run([...args, '--json']);
      expect(JSON.parse(stdout).findings.map(({ id }: { id: string }) => id)).toEqual([
        'vfio.busy',
        'memory.incomplete',
      ]);
      expect(status).toBe(1);
    }
    expect(existsSync(host.path('/trace'))).toBe(false);
  });

  test('a GPU that is not bound is not scrubbed, and how to bind it is said', async () => {
    const host = graceHostIn(temporaryDirectory(), { driver: null });
    const { status, stdout } = await host.run(['scrub', GPU, '--destructive', '--json']);
    const [finding, ...others] = JSON.parse(stdout).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      id: 'memory.incomplete',
      message: 'the memory was not scrubbed: no driver has the device',
      remedy: [`ghpass bind ${GPU}`],
    });
    expect(status).toBe(1);
  });
});

/** A helper that prints what was said beforehand. */
function recordedMemory(host: GraceHost, ...lines: object[]): void {
  const printed = host.path('/printed');
  writeFileSync(printed, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const recorded = join(import.meta.dirname, 'fixtures/bin/ghpass-vfio');
  host.replaceTool(
    'ghpass-vfio',
    `if [ "$1" = memory ]; then echo "$@" > ${host.path('/asked')}; cat ${printed}; else exec ${recorded} "$@"; fi`,
  );
}

const PASS = (bytes: number) => ({ bytes, seconds: bytes / (10 * GIB), threads: 4 });
const NO_ERRORS = { words: 0, setBits: 0, setMask: '0x0', clearedBits: 0, clearedMask: '0x0', first: null };
const area = (region: number, bytes: number, errors: object = {}) => ({
  region,
  offset: '0x0',
  bytes,
  mappedBytes: bytes,
  fileOffset: `0x${region}0000000000`,
  regionBytes: bytes,
  rounds: [{ pattern: 'zero', written: PASS(bytes), verified: PASS(bytes), errors: { ...NO_ERRORS, ...errors } }],
  busError: null,
  edges: null,
  after: null,
});
const answer = (...areas: object[]) => ({
  schema: 1,
  address: GPU,
  via: 'group',
  mode: 'scrub',
  command: 6,
  areas,
  error: null,
});
const progress = (doneBytes: number, seconds: number) => ({
  progress: { region: 4, pattern: 'zero', operation: 'write', doneBytes, totalBytes: 189 * GIB, seconds },
});

describe.skipIf(!canHaveOwnMounts()).concurrent('scrub', { timeout: PATIENCE_MS }, () => {
  test('tells how far it is, and that every byte is zero', async () => {
    const host = graceHostIn(temporaryDirectory());
    const areas = [area(4, 93.5 * GIB), area(2, GIB)];
    recordedMemory(host, progress(10 * GIB, 1), progress(189 * GIB, 18.9), answer(...areas));
    const { status, stdout, stderr } = await host.run(['scrub', GPU, '--destructive']);
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: `${GPU}  scrub, 94.5 GiB read back, at 10.0 GiB/s, no word is wrong\n`,
      stderr:
        `${GPU} region 4: writing zeros, 5 %, 10.0 GiB/s, 18 s left\n` +
        `${GPU} region 4: writing zeros, 100 %, 10.0 GiB/s, 0 s left\n`,
    });
    expect(readFileSync(host.path('/asked'), 'utf8')).toMatch(
      new RegExp(
        `^memory ${GPU} scrub --area 4:0:100394860544:cached --area 2:0:1073741824:combined --threads \\d+(?: --cpus [\\d,-]+)?\n$`,
      ),
    );
  });

  test('does not pass where a word is not zero', async () => {
    const host = graceHostIn(temporaryDirectory());
    const first = { offset: '0x40', expected: '0x0', actual: '0x8' };
    const wrong = { words: 1, setBits: 1, setMask: '0x8', first };
    recordedMemory(host, answer(area(4, 93.5 * GIB, wrong), area(2, GIB)));
    const { status, stdout } = await host.run(['scrub', GPU, '--destructive', '--json']);
    const document = JSON.parse(stdout);
    expect(document.findings.map(({ id }: { id: string }) => id)).toEqual(['memory.bit-errors']);
    expect(document.result.gpus[0].memory.areas[0].rounds[0].errors).toMatchObject({ words: 1, setMask: '0x8', first });
    expect(status).toBe(1);
  });

  test.each([
    [
      'something else',
      [answer(area(4, GIB))],
      'ghpass-vfio was asked for the memory of 0009:01:00.0 and answered for something else',
    ],
    ['half an answer', [{ ...answer(), areas: undefined }], 'ghpass-vfio: areas is no array'],
    [
      'progress that is none',
      [{ progress: 1 }, answer(area(4, 93.5 * GIB), area(2, GIB))],
      'ghpass-vfio: progress is no object',
    ],
  ])('does not take %s for an answer', async (_what, lines, message) => {
    const host = graceHostIn(temporaryDirectory());
    recordedMemory(host, ...lines);
    const { status, stdout } = await host.run(['scrub', GPU, '--destructive', '--json']);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'helper.protocol', message });
    expect(status).toBe(5);
  });

  test('a helper that a signal ended is an interrupt, not a finding', async () => {
    const host = graceHostIn(temporaryDirectory());
    const error = { step: 'interrupted', errno: 0, path: null };
    recordedMemory(host, { ...answer(area(4, 93.5 * GIB), area(2, GIB)), error });
    const { status, stdout } = await host.run(['scrub', GPU, '--destructive', '--json']);
    expect(JSON.parse(stdout).error).toEqual({
      code: 'interrupted',
      message: `interrupted: the memory of ${GPU} is overwritten in part`,
      suggestions: [],
    });
    expect(status).toBe(130);
  });

  test('Ctrl-C ends the helper before ghpass itself', async () => {
    const host = graceHostIn(temporaryDirectory());
    const recorded = join(import.meta.dirname, 'fixtures/bin/ghpass-vfio');
    host.replaceTool(
      'ghpass-vfio',
      `[ "$1" = memory ] || exec ${recorded} "$@"
       trap 'touch ${host.path('/ended')}; exit 0' TERM
       touch ${host.path('/begun')}; while :; do sleep 0.1; done`,
    );
    const running = host.start(['scrub', GPU, '--destructive']);
    await host.appears('/begun');
    process.kill(running.pid, 'SIGINT');
    const { status, stderr } = await running.ended;
    expect(stderr).toBe('interrupted: cleaning up; once more to leave at once\n✖ interrupted\n  Code: interrupted\n');
    expect(status).toBe(130);
    expect(existsSync(host.path('/ended'))).toBe(true);
  });
});
