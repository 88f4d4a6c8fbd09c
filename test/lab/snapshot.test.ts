import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ghpass } from '../cli/kit/ghpass.ts';
import { installedPackage } from '../cli/kit/installed.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { LAB_TEST_TIMEOUT_MS, runStepsInLab, type StepResult } from './harness.ts';
import { HOST_STATE, PRISTINE } from './host-state.ts';

const HOSTS = readdirSync(join(import.meta.dirname, '../../lab/hosts')).map((file) => file.replace(/\.json$/, ''));
const GOLDEN = join(import.meta.dirname, '../golden/lab');
const SYNTHETIC = 'captured in the lab: sizes are chosen, not those of a real board';

/** Commands that are run in the lab, and again here on what was captured there. */
const COMMANDS: Readonly<Record<string, string>> = {
  probe: 'probe --json',
  // How much memory is free is another number each time that it is read.
  doctor: 'doctor --no-open --skip mem.available --json',
};

beforeAll(() => {
  installedPackage();
});

/** The document, without what says that one host is live and the other is not. */
function said({ status, stdout }: { status: number | null; stdout: string }): unknown {
  const document = JSON.parse(stdout);
  if (document.result?.host) document.result.host = null;
  return { exitStatus: status, document };
}

describe('a snapshot of a host of the lab', () => {
  test.each(HOSTS)(
    '%s gives here what the host gave there',
    async (host) => {
      const commands = Object.entries(COMMANDS);
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
      const archive = join(temporaryDirectory(), 'host.tar.gz');
      writeFileSync(archive, run.files.get('host.tar.gz') ?? '');
      for (const [name, command] of commands) {
        const replayed = await ghpass([...command.split(' '), '--host', archive]);
        expect(said(replayed), name).toEqual(withoutReset(said(step(name))));
        expect(JSON.parse(replayed.stdout).result?.host.synthetic).toBe(SYNTHETIC);
        expectGolden(join(GOLDEN, host, `${name}.json`), said(replayed));
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

function expectGolden(path: string, outcome: unknown): void {
  const made = `${JSON.stringify(outcome, null, 2)}\n`;
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, made);
  }
  expect(made).toBe(readFileSync(path, 'utf8'));
}
