import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { installedPackage } from '../cli/kit/installed.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { LAB_COMMANDS, LAB_HOSTS, labGolden, replay, SYNTHETIC, said } from '../golden/lab-host.ts';
import { LAB_TEST_TIMEOUT_MS, runStepsInLab, type StepResult } from './harness.ts';
import { HOST_STATE, PRISTINE } from './host-state.ts';

beforeAll(() => {
  installedPackage();
});

describe('a snapshot of a host of the lab', () => {
  test.each(LAB_HOSTS)(
    '%s gives here what the host gave there',
    async (host) => {
      const commands = Object.entries(LAB_COMMANDS);
      const { run, step } = await runStepsInLab({
        kernel: 'full',
        userland: 'trixie',
        host,
        steps: {
          bind: 'for gpu in $(grep -l 0x10de /sys/bus/pci/devices/*/vendor); do ghpass bind $(basename $(dirname $gpu)); done',
          ...Object.fromEntries(commands.map(([name, command]) => [name, `ghpass ${command}`])),
          snapshot: `ghpass snapshot -o "$OUT"/host.tar.gz --synthetic '${SYNTHETIC}'`,
          release:
            'for gpu in $(grep -l 0x10de /sys/bus/pci/devices/*/vendor); do ghpass release $(basename $(dirname $gpu)); done',
          state: HOST_STATE,
        },
      });
      expect(step('snapshot')).toMatchObject({ status: 0, stderr: '' } satisfies Partial<StepResult>);
      const archive = process.env.UPDATE_GOLDEN
        ? labGolden(host, 'host.tar.gz')
        : join(temporaryDirectory(), 'host.tar.gz');
      writeFileSync(archive, run.files.get('host.tar.gz') ?? '');
      for (const [name] of commands) {
        expect(await replay(host, archive, name), name).toEqual(withoutReset(said(step(name))));
      }
      expect(step('state').stdout).toBe(PRISTINE);
    },
    LAB_TEST_TIMEOUT_MS,
  );
});

/** Opening resets a device, which is said where a device was opened: nothing is opened where a snapshot is replayed. */
function withoutReset(outcome: unknown): unknown {
  const { document, ...rest } = outcome as { document: { findings?: { id: string }[] } };
  const findings = document.findings?.filter(({ id }) => id !== 'vfio.probe-reset');
  return { ...rest, document: findings ? { ...document, findings } : document };
}
