import { describe, expect, test } from 'vitest';
import type { Observation, WatchedState } from '../../../src/guest/monitor/observation.ts';
import { type GuestView, reduceView, unseenGuest } from '../../../src/guest/monitor/view.ts';
import fc from '../../fixtures/fast-check.ts';

const PANIC = 'Kernel panic - not syncing: Attempted to kill init!';

/** The view after these observations, one second apart. */
function seen(...observations: Observation[]): GuestView {
  return observations.reduce<GuestView>(
    (view, observation, i) => reduceView(view, { guest: 'demo', atMs: i * 1000, ...observation }),
    unseenGuest('demo', 'qemu'),
  );
}

const state = (name: WatchedState, detail: string | null = null): Observation => ({
  type: 'state',
  state: name,
  detail,
});
const event = (name: string, data = {}): Observation => ({ type: 'event', name, data });
const console = (...lines: string[]): Observation => ({ type: 'console', lines, skippedBytes: 0 });
const sample = (...times: number[]): Observation => {
  return { type: 'sample', vcpus: times.map((cpuMs, vcpu) => ({ vcpu, cpuMs })), residentBytes: 1n };
};
const loads = ({ sample: taken }: GuestView) => taken?.vcpus.map(({ load }) => load);

describe('load', () => {
  test('is not known before there are two samples, and what passed between them', () => {
    expect(loads(seen(sample(500, 0)))).toEqual([null, null]);
    expect(loads(seen(sample(500, 0), sample(1500, 250)))).toEqual([1, 0.25]);
  });

  test('is at most one CPU, though clocks are read one after another', () => {
    expect(loads(seen(sample(0), sample(1010)))).toEqual([1]);
  });

  test('is not known where another thread has taken over, and for a vCPU that is new', () => {
    expect(loads(seen(sample(900), sample(10, 20)))).toEqual([null, null]);
  });
});

describe('a state', () => {
  test('began when it was seen first, whatever its reason is now', () => {
    const view = seen(state('paused'), state('paused', 'prelaunch'));
    expect(view).toMatchObject({ state: 'paused', detail: 'prelaunch', sinceMs: 0 });
  });

  test.each(['off', 'died'] as const)('%s has no load and no process', (name) => {
    const started: Observation = { type: 'started', pid: 7, startedAtMs: 1 };
    const view = seen(started, state('running'), sample(1), state(name));
    expect(view).toMatchObject({ state: name, sample: null, pid: null, startedAtMs: null });
  });
});

describe('what comes at the next boot', () => {
  const change = { comes: ['0009:01:00.0'], goes: [] };

  test('is known until the guest is off', () => {
    expect(seen(state('running'), { type: 'next-boot', ...change }, state('paused')).nextBoot).toEqual(change);
    expect(seen({ type: 'next-boot', ...change }, state('off'), state('running')).nextBoot).toBeNull();
  });
});

describe('a panic', () => {
  test('on the console outlasts what QEMU says, which goes on running a kernel that gave up', () => {
    const view = seen(state('running'), console('[   1.0] x', `[   1.1] ${PANIC}`), state('running'));
    expect(view).toMatchObject({ state: 'panicked', detail: PANIC, sinceMs: 1000 });
  });

  test('that the monitor finds in the log is one as soon as the guest is known to run', () => {
    expect(seen(console(PANIC), state('running'))).toMatchObject({ state: 'panicked', detail: PANIC });
  });

  test('is over where the kernel boots again, in the same lines too', () => {
    const boot = '[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd4f0]';
    expect(seen(state('running'), console(PANIC), console(boot))).toMatchObject({ state: 'running', panic: null });
    expect(seen(console(PANIC, boot), state('running'))).toMatchObject({ state: 'running', panic: null });
  });

  test.each(['RESET', 'reboot'])('is over with the event %s', (name) => {
    expect(seen(state('running'), console(PANIC), event(name))).toMatchObject({ state: 'running', detail: null });
  });

  test('is told by pvpanic, and the words of the kernel count more', () => {
    const told = 'the guest told QEMU that it panicked';
    const byDevice = seen(state('running'), event('GUEST_PANICKED', { action: 'run' }));
    expect(byDevice).toMatchObject({ state: 'panicked', detail: told });
    const both = seen(state('running'), console(PANIC), event('GUEST_PANICKED'));
    expect(both).toMatchObject({ state: 'panicked', detail: PANIC });
  });

  test('does not hide that the guest died of it, and is none of the next guest', () => {
    expect(seen(state('running'), console(PANIC), state('died', 'guest-panic')).state).toBe('died');
    const next: Observation = { type: 'started', pid: 8, startedAtMs: 2 };
    expect(seen(state('running'), console(PANIC), state('died'), next, state('running')).state).toBe('running');
  });
});

test('whatever comes in whatever order, what is kept is bounded, and no observation is changed', () => {
  const states: WatchedState[] = ['unknown', 'starting', 'running', 'paused', 'panicked', 'ending', 'off', 'died'];
  const observation: fc.Arbitrary<Observation> = fc.oneof(
    fc.constantFrom(...states).map((name) => state(name)),
    fc.constantFrom('RESET', 'GUEST_PANICKED', 'STOP').map((name) => event(name)),
    fc.array(fc.constantFrom(PANIC, 'Linux version 6.17', 'x'), { maxLength: 60 }).map((lines) => console(...lines)),
    fc.array(fc.nat(5000), { maxLength: 4 }).map((times) => sample(...times)),
  );
  fc.assert(
    fc.property(fc.array(observation, { maxLength: 200 }), (observations) => {
      const before = JSON.stringify(observations, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
      const view = seen(...observations);
      expect(view.events.length).toBeLessThanOrEqual(50);
      expect(view.console.length).toBeLessThanOrEqual(100);
      for (const load of loads(view) ?? []) expect(load ?? 0).toBeGreaterThanOrEqual(0);
      if (view.state === 'off' || view.state === 'died') expect(view.pid).toBeNull();
      expect(JSON.stringify(observations, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).toBe(before);
    }),
  );
});
