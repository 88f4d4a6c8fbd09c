import { expect, test } from 'vitest';
import { hostNameOf, requireHostName } from '../../../src/guest/image/host-name.ts';
import fc from '../../fixtures/fast-check.ts';

test.each([
  ['demo', 'demo'],
  ['Web_01', 'Web-01'],
  ['a.example.org', 'a.example.org'],
  ['a-._-.b_', 'a.b'],
])('the guest %s is the host %s', (guest, host) => {
  expect(hostNameOf(guest)).toBe(host);
});

test('the name of every guest gives a host name', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/), (name) => {
      expect(requireHostName(hostNameOf(name))).toBe(hostNameOf(name));
    }),
  );
});

test.each(['', '-a', 'a-', 'a..b', 'a_b', 'a b', 'a\nb', 'x'.repeat(64), `${'x'.repeat(33)}.${'y'.repeat(33)}`])(
  'refuses %j',
  (name) => {
    expect(() => requireHostName(name)).toThrow(`--hostname ${JSON.stringify(name)}: a host name has letters`);
  },
);
