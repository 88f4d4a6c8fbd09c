import { describe, expect, onTestFinished, test } from 'vitest';
import { parseDeviceAnswer } from '../../../src/vfio/protocol.ts';
import fc from '../../fixtures/fast-check.ts';
import { canSanitize, compileWithFakeKernel } from './compile.ts';
import { runOnFakeKernel, type Scenario, unbalanced } from './fake-kernel.ts';
import { ADDRESS, CDEV_HOST, GROUP_HOST } from './recorded-device.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const DEVICE = `/sys/bus/pci/devices/${ADDRESS}`;

/** An errno, a number, and structures whose first word, the room that the kernel asks for, is mostly within bounds. */
const word = (max: number) =>
  fc.integer({ min: 0, max }).map((value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes.toString('hex');
  });
const structure = fc
  .tuple(
    fc.oneof(word(128), word(70_000), word(0xffff_ffff)),
    fc.uint8Array({ maxLength: 96 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  )
  .map(([argsz, rest]) => `${argsz}${rest}`);
const answer = fc.oneof(
  structure.map((hex) => `raw ${hex}`),
  structure.map((hex) => `bytes ${hex}${'00'.repeat(32)}`),
  fc.integer({ min: 1, max: 133 }).map((errno) => `errno ${errno}`),
  fc.integer({ min: -1, max: 300 }).map((value) => `return ${value}`),
);
const name = fc.stringMatching(/^[a-z0-9./-]{1,40}$/);

/** A host on which a few system calls answer otherwise. */
const host = fc
  .tuple(
    fc.constantFrom<Scenario>(CDEV_HOST, GROUP_HOST),
    fc.array(fc.tuple(fc.nat(), fc.array(answer, { minLength: 1, maxLength: 4 })), { maxLength: 6 }),
    fc.option(name),
    fc.option(name),
  )
  .map(([scenario, changes, group, node]) => {
    const ioctls = Object.keys(scenario).filter((call) => call.startsWith('ioctl ') && !isOpening(scenario[call]));
    const changed = changes.map(([at, answers]) => [ioctls[at % ioctls.length] ?? '', answers] as const);
    return {
      ...scenario,
      ...Object.fromEntries(changed),
      ...(group === null ? {} : { [`readlink ${DEVICE}/iommu_group`]: `target ${group}` }),
      ...(node === null ? {} : { [`opendir ${DEVICE}/vfio-dev`]: `names . .. ${node}` }),
    };
  });

function isOpening(answers: Scenario[string] | undefined): boolean {
  return [answers ?? []].flat().some((one) => one.startsWith('opens '));
}

describe.each(['gcc', 'clang'])('the helper under ASan and UBSan, as %s compiles it', (compiler) => {
  const directory = temporaryDirectory();
  const isPossible = canSanitize(compiler, directory.path);
  directory.remove();

  test.skipIf(!isPossible)(
    'prints an answer and closes what it opened, whatever the kernel says',
    () => {
      const { path, remove } = temporaryDirectory();
      onTestFinished(remove);
      const helper = compileWithFakeKernel(path, undefined, compiler);
      fc.assert(
        fc.property(host, (scenario) => {
          const run = runOnFakeKernel(helper, ['probe', ADDRESS], scenario);
          expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
          expect(parseDeviceAnswer(run.stdout).address).toBe(ADDRESS);
          expect(unbalanced(run.calls, scenario)).toEqual([]);
        }),
        { numRuns: 100 },
      );
    },
    120_000,
  );
});
