import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findJournal } from '../../src/guest/journal/found-journal.ts';
import { canCompile, compileKiller, counting, type Death, deaths, dying, stepsIn } from '../fixtures/die-at-flush.ts';
import { recordedReport, reportLine } from '../guest/recorded.ts';
import { canSeeOpenFiles, GPU, type GraceHost, graceHostIn } from './kit/grace-host.ts';
import { stateOf } from './kit/host-state.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Each command is run, killed and recovered from many times. */
const PATIENCE_MS = 900_000;

const temporaryDirectory = temporaryDirectories();
const CREATE = ['create-vm', 'demo', '--bind', '--memory', '1G'];

let killer = '';
beforeAll(() => {
  installedPackage();
  killer = compileKiller(temporaryDirectory());
});

/** What ghpass may have changed, and what runs. */
const stateWithProcesses = (host: GraceHost) => ({ ...stateOf(host), processes: host.processes() });

type State = ReturnType<typeof stateWithProcesses>;

interface Case {
  args: string[];
  /** Commands that come before, and after which the command finds its work. */
  first?: string[][];
  /** Journal that decides whether the command's changes are to stay. */
  decisive: string;
  /** Commands that bring the host back to where it was before `first`, from where the journal is kept. */
  back: string[][];
  /** Commands that bring it back there from where the command's changes were undone. */
  backUndone?: string[][];
  /** At how many of the deaths the journal is kept. */
  kept: number;
}

const CASES: Record<string, Case> = {
  bind: { args: ['bind', GPU], decisive: GPU, back: [['release', GPU]], kept: 1 },
  release: { args: ['release', GPU], first: [['bind', GPU]], decisive: GPU, back: [['release', GPU]], kept: 1 },
  // The guest's journal is kept first, and those of what stays of it and of its GPUs follow it.
  'create-vm': {
    args: CREATE,
    decisive: 'guest-demo',
    back: [['delete', 'demo', '--yes']],
    kept: 5,
  },
  delete: {
    args: ['delete', 'demo', '--yes'],
    first: [CREATE],
    decisive: 'definition-demo',
    back: [['delete', 'demo', '--yes']],
    kept: 1,
  },
  stop: {
    args: ['stop', 'demo', '--force'],
    first: [CREATE],
    decisive: 'guest-demo',
    back: [['delete', 'demo', '--yes']],
    backUndone: [['delete', 'demo', '--yes']],
    kept: 1,
  },
  start: {
    args: ['start', 'demo'],
    first: [CREATE, ['stop', 'demo', '--force']],
    decisive: 'guest-demo',
    back: [['delete', 'demo', '--yes']],
    backUndone: [['delete', 'demo', '--yes']],
    kept: 3,
  },
  smoke: { args: ['smoke', '--bind'], decisive: GPU, back: [], kept: 0 },
};

/** A host with a kernel, and with a smoke guest that reports as soon as it is asked. */
function newHost(): { host: GraceHost; env: Record<string, string> } {
  const host = graceHostIn(temporaryDirectory(), { driver: 'vfio-pci' });
  writeFileSync(host.path('/kernel'), '');
  writeFileSync(host.path('/console'), reportLine(recordedReport('one-gpu')));
  return { host, env: { FAKE_QEMU_CONSOLE: host.path('/console') } };
}

function argsOn(host: GraceHost, { args }: Case): string[] {
  return args[0] === 'smoke' ? [...args, '--kernel', host.path('/kernel')] : args;
}

const isKept = (host: GraceHost, subject: string) =>
  findJournal(host.path('/var/lib/ghpass/journal'), subject)?.kept ?? false;

/** Runs a command to its end: how many times it flushes a journal is how many steps it has. */
async function countSteps(name: string, one: Case): Promise<number> {
  const { host, env } = newHost();
  for (const args of one.first ?? []) await host.run(args, { env });
  const counter = join(temporaryDirectory(), name);
  await host.run(argsOn(host, one), { env: { ...env, ...counting(killer, counter) } });
  for (const args of one.back) await host.run(args, { env });
  return stepsIn(counter);
}

/** Runs a command until its death. */
async function killAt(host: GraceHost, args: string[], env: Record<string, string>, death: Death): Promise<void> {
  const { ended } = host.start(args, { env: { ...env, ...dying(killer, death) } });
  expect(await ended, JSON.stringify(death)).toMatchObject({ status: null });
}

const runnable = canSeeOpenFiles() && canCompile();

describe.skipIf(!runnable).concurrent('kill -9 at every step, then recover', { timeout: PATIENCE_MS }, () => {
  test.each(Object.entries(CASES))('%s', async (name, one) => {
    const steps = await countSteps(name, one);
    expect(steps).toBeGreaterThan(0);
    const { host, env } = newHost();
    const before = stateWithProcesses(host);
    let kept = 0;
    for (const death of deaths(steps)) {
      for (const args of one.first ?? []) expect(await host.run(args, { env })).toMatchObject({ status: 0 });
      await killAt(host, argsOn(host, one), env, death);
      const isToStay = isKept(host, one.decisive);
      const recovered = await host.run(['recover']);
      expect(recovered, JSON.stringify(death)).toMatchObject({ status: 0 });
      if (isToStay) {
        kept += 1;
        expectKept(stateWithProcesses(host), one, death);
      }
      for (const args of (isToStay ? one.back : one.backUndone) ?? [])
        expect(await host.run(args, { env }), JSON.stringify(death)).toMatchObject({ status: 0 });
      expect(stateWithProcesses(host), JSON.stringify(death)).toEqual(before);
      expect(await host.run(['recover'])).toMatchObject({ stdout: 'nothing was left behind\n' });
    }
    expect(kept).toBe(one.kept);
  });

  test('recover', async () => {
    const create = CASES['create-vm'] as Case;
    // The last step before the guest is kept: as much as there ever is to undo.
    const most = (await countSteps('create', create)) - 3;
    const { host, env } = newHost();
    const before = stateWithProcesses(host);
    const counter = join(temporaryDirectory(), 'recover');
    await killAt(host, create.args, env, { step: most, when: 'after' });
    await host.run(['recover'], { env: counting(killer, counter) });
    expect(stepsIn(counter)).toBe(3);
    for (const death of deaths(3)) {
      await killAt(host, create.args, env, { step: most, when: 'after' });
      await killAt(host, ['recover'], env, death);
      expect(await host.run(['recover'])).toMatchObject({ status: 0 });
      expect(stateWithProcesses(host), JSON.stringify(death)).toEqual(before);
    }
  });
});

/** The command had done its work: nothing is half done, and no file of a dead process is left. */
function expectKept({ driver, journals, processes }: State, { decisive }: Case, death: Death): void {
  const isGuest = decisive !== GPU;
  expect({ driver, journals, processes: processes.length }, JSON.stringify(death)).toEqual({
    driver: 'nvgrace_gpu_vfio_pci',
    journals: isGuest ? [`${GPU}.jsonl`, 'definition-demo.jsonl', 'guest-demo.jsonl'] : [`${GPU}.jsonl`],
    processes: isGuest ? 1 : 0,
  });
}
