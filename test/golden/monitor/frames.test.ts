import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import type { KnownGuest } from '../../../src/guest/life/find-guest.ts';
import { type GpuMemory, readGpuMemory } from '../../../src/guest/monitor/gpu-memory.ts';
import type { Observation } from '../../../src/guest/monitor/observation.ts';
import type { GuestPlan } from '../../../src/plan/guest-plan.ts';
import { type Choice, frame } from '../../../src/ui/monitor/frame.ts';
import { MonitorModel } from '../../../src/ui/monitor/model.ts';
import { paintFor } from '../../../src/ui/paint.ts';
import { blackwell, board, graceHost, hopper, openMadeUp } from '../../fixtures/grace-host.ts';
import { FILES, planFacts } from '../../fixtures/plan.ts';

/** 12:00:00 UTC, which is the time zone of the tests. */
const NOON = Date.UTC(2026, 0, 2, 12);
const PLAIN = paintFor({}, {}, false);
const COLOR = paintFor({ isTTY: true }, {}, true);

const STARTED: Observation = { type: 'started', pid: 4711, startedAtMs: NOON - 11_520_000 };
const LISTENS: Observation = { type: 'watching', by: 'events', note: null };
const RUNNING: Observation = { type: 'state', state: 'running', detail: null };
const CONSOLE: Observation = {
  type: 'console',
  lines: [
    '[    0.000000] Booting Linux on physical CPU 0x0000000000',
    'Debian GNU/Linux 13 demo ttyAMA0',
    '',
    'demo login:',
  ],
  skippedBytes: 0,
};
const samples = (...loads: number[]): Observation[] =>
  [0, 1].map((second) => ({
    type: 'sample',
    vcpus: loads.map((load, vcpu) => ({ vcpu, cpuMs: 5000 + second * load * 1000 })),
    residentBytes: 12_345n << 20n,
  }));
const HEALTHY = [STARTED, LISTENS, ...samples(0.97, 0.31, 0, 0.04), RUNNING, CONSOLE];
const event = (name: string, data: object = {}): Observation => ({ type: 'event', name, data: { ...data } });

interface Case {
  name: string;
  guests: Record<string, { backend?: 'libvirt'; observations: Observation[] }>;
  size?: { columns: number; rows: number };
  choice?: Partial<Choice>;
  board?: 'gb200';
}

const PANIC = '[    1.234567] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b';
const SILENCE = 'QEMU (process 4711) ended and said nothing: killed, or crashed';
const BUSY = Array.from({ length: 72 }, (_, i) => (i % 9) / 8);

const CASES: Case[] = [
  { name: 'healthy', guests: { demo: { observations: HEALTHY } } },
  { name: 'healthy-60-columns', guests: { demo: { observations: HEALTHY } }, size: { columns: 60, rows: 40 } },
  { name: 'healthy-10-rows', guests: { demo: { observations: HEALTHY } }, size: { columns: 80, rows: 10 } },
  { name: 'healthy-2-rows', guests: { demo: { observations: HEALTHY } }, size: { columns: 80, rows: 2 } },
  {
    name: 'paused',
    guests: { demo: { observations: [...HEALTHY, event('STOP'), { type: 'state', state: 'paused', detail: null }] } },
  },
  {
    name: 'died',
    guests: { demo: { observations: [...HEALTHY, { type: 'state', state: 'died', detail: SILENCE }] } },
  },
  {
    name: 'panicked',
    guests: {
      demo: {
        observations: [
          ...HEALTHY,
          { type: 'console', lines: [PANIC], skippedBytes: 0 },
          event('GUEST_PANICKED', { action: 'pause' }),
        ],
      },
    },
  },
  {
    name: 'second-monitor',
    guests: {
      demo: {
        observations: [
          STARTED,
          {
            type: 'watching',
            by: 'polling',
            note: 'another program listens to its events: asked once a second instead',
          },
          RUNNING,
        ],
      },
    },
  },
  {
    name: 'libvirtd-gone',
    guests: {
      web: {
        backend: 'libvirt',
        observations: [
          ...HEALTHY,
          { type: 'watching', by: 'nothing', note: 'libvirt at qemu:///system closed the connection' },
          { type: 'state', state: 'unknown', detail: 'libvirt at qemu:///system closed the connection' },
        ],
      },
    },
  },
  {
    name: 'changed-since-its-start',
    guests: {
      web: {
        backend: 'libvirt',
        observations: [{ type: 'next-boot', comes: ['0009:01:00.0'], goes: [] }, ...HEALTHY],
      },
    },
  },
  {
    name: 'two-guests',
    guests: {
      demo: { observations: [{ type: 'state', state: 'off', detail: 'guest-shutdown' }] },
      web: { backend: 'libvirt', observations: [...HEALTHY, event('lifecycle', { detail: 'Resumed Unpaused' })] },
    },
    choice: { chosen: 1 },
  },
  { name: 'keys', guests: { demo: { observations: HEALTHY } }, choice: { help: true } },
  {
    name: 'gb200-72-vcpus',
    guests: { demo: { observations: [STARTED, LISTENS, ...samples(...BUSY), RUNNING] } },
    size: { columns: 80, rows: 60 },
    board: 'gb200',
  },
];

let hopperPlan: GuestPlan;
let blackwellPlan: GuestPlan;
let hopperMemory: GpuMemory;
let blackwellMemory: GpuMemory;

beforeAll(async () => {
  process.env.TZ = 'UTC';
  const grace = openMadeUp(graceHost([hopper()]));
  ({ plan: hopperPlan } = await planFacts(grace));
  hopperMemory = await readGpuMemory(
    grace,
    hopperPlan.gpus.map(({ address }) => address),
  );
  const two = openMadeUp(graceHost(board(2, blackwell)));
  ({ plan: blackwellPlan } = await planFacts(two, { request: { vcpus: 72 } }));
  blackwellMemory = await readGpuMemory(
    two,
    blackwellPlan.gpus.map(({ address }) => address),
  );
});

/** The rows of the screen of a case. */
function draw({ guests, size = { columns: 80, rows: 40 }, choice, board: which }: Case, paint = PLAIN): string[] {
  const plan = which === undefined ? hopperPlan : blackwellPlan;
  const known = Object.entries(guests).map(([name, { backend }]): KnownGuest => {
    const consoleLog = `/var/log/libvirt/qemu/${name}.console.log`;
    if (backend === 'libvirt') return { backend, name, uri: 'qemu:///system', plan, nextBoot: null, consoleLog };
    return { backend: 'qemu', name, plan, files: FILES };
  });
  const model = new MonitorModel(known, which === undefined ? hopperMemory : blackwellMemory);
  for (const [guest, { observations }] of Object.entries(guests)) {
    observations.forEach((observation, i) => {
      model.take({ guest, atMs: NOON - (observations.length - i) * 1000, ...observation });
    });
  }
  return frame(model, { chosen: 0, help: false, ...choice }, { nowMs: NOON, ...size, memory: model.memory, paint });
}

describe.each(CASES)('the screen of $name', (one) => {
  test('is the one in the file', () => {
    const path = join(import.meta.dirname, `${one.name}.txt`);
    const text = `${draw(one).join('\n')}\n`;
    if (process.env.UPDATE_GOLDEN) writeFileSync(path, text);
    expect(text).toBe(existsSync(path) ? readFileSync(path, 'utf8') : '');
  });

  test('has no more rows than there are, and says the same without colours', () => {
    const { rows = 40 } = one.size ?? {};
    expect(draw(one).length).toBeLessThanOrEqual(rows);
    const colored = draw(one, COLOR);
    expect(colored.join()).toContain('\u001b[');
    expect(colored.map(stripVTControlCharacters)).toEqual(draw(one));
  });
});

test.each(Array.from({ length: 45 }, (_, rows) => [rows]))('a screen of %i rows has room for what is drawn', (rows) => {
  for (const one of CASES) expect(draw({ ...one, size: { columns: 61, rows } }).length).toBeLessThanOrEqual(rows);
});

test('what is wrong stays when there is hardly room', () => {
  const paused = CASES.find(({ name }) => name === 'paused') as Case;
  expect(draw({ ...paused, size: { columns: 80, rows: 5 } }).join('\n')).toContain('! demo is paused');
});
