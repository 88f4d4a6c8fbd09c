import { describe, expect, test } from 'vitest';
import { type SeedRequest, seedFiles } from '../../../src/guest/image/seed-files.ts';

const REQUEST: SeedRequest = {
  hostname: 'demo',
  publicKeys: ['ssh-ed25519 AAAA me: "you" {x}'],
  userData: null,
  networkConfig: null,
  template: Buffer.from('#cloud-config\nssh_pwauth: false\n'),
  report: Buffer.from('#!/bin/sh\n'),
};
const textsOf = (changes: Partial<SeedRequest> = {}) => {
  const entries = Object.entries(seedFiles({ ...REQUEST, ...changes }, 'demo-1'));
  return Object.fromEntries(entries.map(([name, content]) => [name, Buffer.from(content).toString()]));
};

test('the instance is told its name and its keys as data', () => {
  expect(JSON.parse(textsOf()['meta-data'] ?? '')).toEqual({
    'instance-id': 'demo-1',
    'local-hostname': 'demo',
    'public-keys': ['ssh-ed25519 AAAA me: "you" {x}'],
  });
});

test('a network configuration is there only where one was given, as it was given', () => {
  expect(Object.keys(textsOf())).toEqual(['meta-data', 'user-data']);
  expect(textsOf({ networkConfig: Buffer.from('version: 2\n') })['network-config']).toBe('version: 2\n');
});

describe('the user-data', () => {
  const headersOf = (userData: string | Uint8Array | null) =>
    (textsOf({ userData: userData === null ? null : Buffer.from(userData) })['user-data'] ?? '')
      .split('\n')
      .filter((line) => /^(?:content-(?:type|disposition)|merge-type):/i.test(line))
      .slice(1);
  const OWN = [
    'Content-Type: text/plain; charset="utf-8"',
    'Content-Disposition: attachment; filename="ghpass"',
    'Merge-Type: list(append)+dict(no_replace,recurse_list)+str()',
    'Content-Type: text/plain; charset="utf-8"',
    'Content-Disposition: attachment; filename="ghpass-report"',
  ];
  const user = (type: string) => [`Content-Type: ${type}`, 'Content-Disposition: attachment; filename="user-data"'];

  test('is what every guest gets', () => {
    expect(headersOf(null)).toEqual(OWN);
  });

  test('has the user’s own first, and nothing says of that how it is merged', () => {
    expect(headersOf('#!/bin/sh\n')).toEqual([...user('text/plain; charset="utf-8"'), ...OWN]);
    expect(headersOf(new Uint8Array([0x1f, 0x8b, 8]))).toEqual([...user('application/gzip'), ...OWN]);
  });

  test('has a document of several parts in it as it is', () => {
    const document = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n\n#!/bin/sh\n--x--\n';
    expect(textsOf({ userData: Buffer.from(document) })['user-data']).toContain(`\n${document}`);
    expect(headersOf(document)).toEqual(['Content-Type: multipart/mixed; boundary="x"', ...OWN]);
  });
});
