import { Duplex, Readable } from 'node:stream';
import type { DomainGuest } from '../../src/guest/life/find-guest.ts';
import { troubleOf } from '../../src/guest/monitor/advice.ts';
import { plainLine } from '../../src/guest/monitor/console-tail.ts';
import { domainState } from '../../src/guest/monitor/domain-state.ts';
import type { Observation } from '../../src/guest/monitor/observation.ts';
import { reduceView, unseenGuest } from '../../src/guest/monitor/view.ts';
import { readDomainEvents } from '../../src/libvirt/domain-events.ts';
import { parseDomainStats } from '../../src/libvirt/domain-stats.ts';
import { Qmp } from '../../src/qemu/qmp.ts';
import { JsonLines } from '../../src/ui/monitor/json-lines.ts';
import { guestPage } from '../../src/ui/monitor/page.ts';
import { paintFor } from '../../src/ui/paint.ts';
import { type FuzzTarget, promise } from '../target.ts';

const MAX_PIECES = 8;
const BETWEEN = 0;
const NOTHING = Buffer.alloc(0);
const GUEST: DomainGuest = {
  backend: 'libvirt',
  name: 'demo',
  uri: 'qemu:///system',
  plan: null as never,
  nextBoot: null,
  consoleLog: null,
};
const AROUND = { nowMs: 0, columns: 60, rows: 20, memory: new Map(), paint: paintFor({}, {}, false) };

/**
 * All that a monitor hears of one guest, to the last row of its screen. The first byte says into pieces of which length the rest is
 * cut, which is what a QMP socket, `virsh event`, `virsh domstats` and a console have said, with a zero between each; pieces of
 * the first two come in turns.
 */
export const target: FuzzTarget = {
  name: 'monitor',
  sources: [
    'qemu/qmp.ts',
    'libvirt/each-line.ts',
    'libvirt/domain-events.ts',
    'libvirt/domain-stats.ts',
    'guest/monitor/domain-state.ts',
    'guest/monitor/view.ts',
    'ui/monitor/json-lines.ts',
    'ui/monitor/page.ts',
  ],
  form: 'bytes',
  maxBytes: 2048,
  words: [
    '{"event": "RESET", "timestamp": {"seconds": 1, "microseconds": 2}}\r\n',
    '"data": {"action": "pause", "detail": "\\u001b[2J"}',
    "2026-11-21 15:07:31.917+0000: event 'reboot' for domain 'demo'\n",
    'Kernel panic - not syncing: ',
    'Booting Linux on physical CPU',
    '\u0000',
    '\u001b[2J',
    '\u009b31m',
    '99999999999999999999',
  ],
  seeds: () => [QMP, `\u0007${EVENTS}`, `\u0040${QMP.slice(1)}${EVENTS}`].map((text) => Buffer.from(text, 'latin1')),
  async run(input) {
    const [qmpSaid = NOTHING, virshSaid = NOTHING, stats = NOTHING, console = NOTHING] = partsOf(input.subarray(1));
    const seen: Observation[] = [];
    const socket = new Duplex({ allowHalfOpen: false, read: () => undefined, write: (_, __, done) => done() });
    const qmp = Qmp.over(socket, { onEvent: ({ name, data }) => seen.push({ type: 'event', name, data }) });
    const virsh = new Readable({ read: () => undefined });
    readDomainEvents(virsh, [GUEST.name], ({ name, detail }) => seen.push({ type: 'event', name, data: { detail } }));
    const pieceBytes = Math.max(1 + (input[0] ?? 0), Math.ceil(input.length / MAX_PIECES));
    for (let at = 0; at < input.length; at += pieceBytes) {
      socket.push(qmpSaid.subarray(at, at + pieceBytes));
      virsh.push(virshSaid.subarray(at, at + pieceBytes));
    }
    for (const stream of [socket, virsh]) stream.push(null);
    await Promise.all([qmp.closed, new Promise((resolve) => virsh.once('close', resolve))]);
    seen.push(...observationsOf(String(stats)));
    seen.push({ type: 'console', lines: String(console).split('\n').map(plainLine), skippedBytes: 0 });
    requireShown(seen);
  },
};

function partsOf(bytes: Uint8Array): Buffer[] {
  const first = bytes.indexOf(BETWEEN);
  const end = first < 0 ? bytes.length : first;
  return [Buffer.from(bytes.subarray(0, end)), ...(first < 0 ? [] : partsOf(bytes.subarray(end + 1)))];
}

function observationsOf(stats: string): Observation[] {
  return [...parseDomainStats(stats.split('\n')).values()].flatMap((domain): Observation[] => [
    { type: 'state', ...domainState(domain) },
    { type: 'sample', vcpus: domain.vcpus, residentBytes: domain.residentBytes },
    ...(domain.balloonBytes === null ? [] : [{ type: 'balloon', actualBytes: domain.balloonBytes } as const]),
  ]);
}

/** What was seen is told in one line of JSON each, and on a screen of which no character does anything to a terminal. */
function requireShown(seen: readonly Observation[]): void {
  const told: { sequence: number }[] = [];
  const lines = new JsonLines((line) => told.push(JSON.parse(line)));
  let view = unseenGuest(GUEST.name, 'libvirt');
  for (const [i, observation] of seen.entries()) {
    const observed = { ...observation, guest: GUEST.name, atMs: 1000 * i };
    const after = reduceView(view, observed);
    lines.observed(observed, view, after);
    view = after;
  }
  promise(
    told.every(({ sequence }, i) => sequence === i),
    'lines are numbered',
  );
  const page = guestPage(view, troubleOf(view, GUEST), AROUND);
  promise(page.length <= AROUND.rows, `${page.length} rows`);
  for (const row of page)
    promise(!/[\p{Cc}\p{Cf}]/u.test(row), `a row with control characters: ${JSON.stringify(row)}`);
}

const QMP =
  '\u0005{"QMP": {"version": {}, "capabilities": []}}\r\n' +
  '{"event": "GUEST_PANICKED", "data": {"action": "pause"}, "timestamp": {"seconds": 1, "microseconds": 2}}\r\n';
const EVENTS = [
  '',
  [
    "2026-11-21 15:07:31.917+0000: event 'lifecycle' for domain 'demo': Suspended Paused",
    "2026-11-21 15:07:31.918+0000: event 'reboot' for domain 'demo'",
    '',
  ].join('\n'),
  "Domain: 'demo'\n  state.state=3\n  state.reason=5\n  vcpu.0.time=2090000000\n  balloon.rss=182952\n  balloon.current=524288\n",
  '[    0.000000] Booting Linux on physical CPU 0x0\n[    1.0] Kernel panic - not syncing: no init\n',
].join('\u0000');
