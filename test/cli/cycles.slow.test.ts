import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { canSeeOpenFiles, GPU, type GraceHost, graceHostIn } from './kit/grace-host.ts';
import { stateOf } from './kit/host-state.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** How many lives are tried, and of which chance: `CYCLES=100 SEED=7 npx vitest run --project slow test/cli/cycles.slow.test.ts`. */
const CYCLES = Number(process.env.CYCLES ?? 8);
const SEED = Number(process.env.SEED ?? 1);
const PATIENCE_MS = 60_000 * CYCLES;

/** The commands of one life. */
const LIFE = [
  ['create-vm', 'demo', '--memory', '1G', '--bind'],
  ['stop', 'demo'],
  ['start', 'demo'],
  ['delete', 'demo', '--yes'],
] as const;
/** As often as not a command is killed, at any time up to this one. */
const LONGEST_MS = 4_000;

const temporaryDirectory = temporaryDirectories();

beforeAll(() => {
  installedPackage();
});

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ends what plays QEMU, as a crash would. */
function killGuest(host: GraceHost): void {
  for (const pid of host.processes()) process.kill(pid, 'SIGKILL');
}

describe.skipIf(!canSeeOpenFiles())('lives of a guest with kills in between', { timeout: PATIENCE_MS }, () => {
  test(`${CYCLES} of them leave no process, file, lock or binding (seed ${SEED})`, async () => {
    const next = chance(SEED);
    const host = graceHostIn(temporaryDirectory(), { driver: 'vfio-pci' });
    const pristine = () => ({ ...stateOf(host), processes: host.processes() });
    const before = pristine();
    const died = { commands: 0, guests: 0 };
    for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
      for (const args of LIFE) {
        const running = host.start(args);
        if (next() < 0.5) {
          await Promise.race([sleep(next() * LONGEST_MS), running.ended]);
          try {
            process.kill(running.pid, 'SIGKILL');
            died.commands += 1;
          } catch {
            // It had come to its end.
          }
        }
        await running.ended;
        if (next() < 0.2) {
          killGuest(host);
          died.guests += 1;
        }
        if (next() < 0.5) expect(await host.run(['recover']), `${cycle} ${args[0]}`).toMatchObject({ status: 0 });
        const { status, stdout } = await host.run(['list', '--json']);
        expect([status, JSON.parse(stdout).status], `${cycle} ${args[0]}: ${stdout}`).toEqual([0, 'ok']);
      }
      const deleted = await host.run(['delete', 'demo', '--yes', '--json']);
      if (deleted.status !== 0) expect(JSON.parse(deleted.stdout).error.code).toBe('guest.unknown');
      expect(await host.run(['recover'])).toMatchObject({ status: 0 });
      expect(pristine(), `after life ${cycle}`).toEqual(before);
    }
    expect(died.commands).toBeGreaterThan(0);
    expect(await host.run(['bind', GPU])).toMatchObject({ status: 0 });
    expect(await host.run(['release', GPU])).toMatchObject({ status: 0 });
    expect(pristine()).toEqual(before);
  });
});
