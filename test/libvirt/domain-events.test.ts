import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { domainState } from '../../src/guest/monitor/domain-state.ts';
import { parseDomainEvent, readDomainEvents } from '../../src/libvirt/domain-events.ts';
import { parseDomainStats } from '../../src/libvirt/domain-stats.ts';
import fc from '../fixtures/fast-check.ts';

const AT = '2026-11-21 15:07:31.917+0000:';

test.each([
  ['lifecycle', `${AT} event 'lifecycle' for domain 'demo': Resumed Unpaused`, 'Resumed Unpaused'],
  ['reboot', `${AT} event 'reboot' for domain 'demo'`, ''],
  [
    'io-error',
    `${AT} event 'io-error' for domain 'demo': /d.qcow2 (virtio-disk0) pause: ENOSPC`,
    '/d.qcow2 (virtio-disk0) pause: ENOSPC',
  ],
])('%s is read from the line that virsh prints', (name, line, detail) => {
  expect(parseDomainEvent(line, ['other', 'demo'])).toEqual({ domain: 'demo', name, detail });
});

test.each([
  ['another domain', `${AT} event 'reboot' for domain 'demo2'`],
  ['no event', 'events received: 5'],
  ['nothing', ''],
])('a line about %s is none', (_what, line) => {
  expect(parseDomainEvent(line, ['demo'])).toBeNull();
});

test('a name may look like the rest of a line', () => {
  const names = ["a': b", 'a'];
  expect(parseDomainEvent(`${AT} event 'reboot' for domain 'a': b'`, names)?.domain).toBe("a': b");
});

const EVENTS = [
  `${AT} event 'lifecycle' for domain 'demo': Suspended Paused`,
  `${AT} event 'reboot' for domain 'é'`,
  'events received: 2',
  '',
].join('\n');

async function heardOf(pieces: readonly Uint8Array[]): Promise<string[]> {
  const heard: string[] = [];
  const stream = Readable.from(pieces);
  readDomainEvents(stream, ['demo', 'é'], ({ domain, name }) => heard.push(`${name} of ${domain}`));
  await once(stream, 'close');
  return heard;
}

test('events are the same wherever the stream is cut', async () => {
  const bytes = Buffer.from(EVENTS);
  for (let at = 1; at < bytes.length; at++)
    expect(await heardOf([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(['lifecycle of demo', 'reboot of é']);
});

test('a line that does not end is thrown away, and the next one is read', async () => {
  const endless = Array.from({ length: 40 }, () => Buffer.alloc(64 << 10, 'x'));
  const hidden = Buffer.from(` 15:07:31: event 'reboot' for domain 'demo'\n${EVENTS}`);
  expect(await heardOf([...endless, hidden])).toEqual(['lifecycle of demo', 'reboot of é']);
});

/** libvirt 12.8 of a guest that runs, and 11.3 of one that is off. */
const STATS = `Domain: 'demo'
  state.state=1
  state.reason=1
  balloon.current=524288
  balloon.maximum=524288
  balloon.rss=182952
  vcpu.current=2
  vcpu.maximum=2
  vcpu.0.state=1
  vcpu.0.time=2090000000
  vcpu.0.wait=0
  vcpu.0.delay=7743728
  vcpu.1.state=1
  vcpu.1.time=0

Domain: 'off'
  state.state=5
  state.reason=3
`.split('\n');

test('domstats: states, processor time and memory of each domain', () => {
  const stats = parseDomainStats(STATS);
  expect([...stats.keys()]).toEqual(['demo', 'off']);
  expect(stats.get('demo')).toEqual({
    state: 1,
    reason: 1,
    vcpus: [
      { vcpu: 0, cpuMs: 2090 },
      { vcpu: 1, cpuMs: 0 },
    ],
    residentBytes: 182952n << 10n,
    balloonBytes: 512n << 20n,
  });
});

test.each([
  [1, 1, 'running', null],
  [3, 1, 'paused', null],
  [3, 5, 'failed', 'io-error'],
  [5, 1, 'off', 'the guest shut down'],
  [5, 3, 'died', 'QEMU ended and said nothing: killed, or crashed'],
  [6, 1, 'panicked', null],
  [7, 0, 'paused', 'suspended by the guest'],
  [99, 0, 'unknown', null],
])('state %i for reason %i is %s', (state, reason, name, detail) => {
  const stats = { state, reason, vcpus: [], residentBytes: null, balloonBytes: null };
  expect(domainState(stats)).toEqual({ state: name, detail });
});

test('whatever virsh prints, it is read or passed over', () => {
  const line = fc.oneof(fc.string(), fc.constantFrom(...STATS), fc.constant(`${AT} event 'x' for domain 'demo`));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      for (const { vcpus } of parseDomainStats(lines).values())
        for (const { cpuMs } of vcpus) expect(cpuMs).toBeGreaterThanOrEqual(0);
      for (const text of lines) parseDomainEvent(text, ['demo']);
    }),
  );
});
