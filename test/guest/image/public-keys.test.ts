import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requirePublicKeys } from '../../../src/guest/image/public-keys.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';

const keys = (text: string) => requirePublicKeys(text, 'id.pub');
const blob = (type: string, rest = 'x'.repeat(32)) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type + rest)]).toString('base64');
};
const ED25519 = `ssh-ed25519 ${blob('ssh-ed25519')}`;

test.each([
  ['ed25519', []],
  ['rsa', ['-b', '2048']],
  ['ecdsa', ['-b', '384']],
])('takes a key of ssh-keygen: %s', (type, options) => {
  const file = join(temporaryDirectory(), 'id');
  execFileSync('ssh-keygen', ['-q', '-t', type, ...options, '-N', '', '-C', 'me & you: "x"', '-f', file]);
  const text = readFileSync(`${file}.pub`, 'utf8');
  expect(keys(text)).toEqual([text.trim()]);
  for (const format of ['OpenSSH', 'PEM']) {
    if (format === 'PEM' && type === 'ed25519') continue;
    if (format === 'PEM') execFileSync('ssh-keygen', ['-q', '-p', '-m', 'PEM', '-P', '', '-N', '', '-f', file]);
    const secret = readFileSync(file, 'utf8');
    expect(() => keys(secret)).toThrow('--ssh-key id.pub: this is a private key, and it must not leave this machine');
  }
});

test('takes several keys, with comments between them', () => {
  expect(keys(`# laptop\n${ED25519} me@laptop\r\n\n${ED25519}\n`)).toEqual([`${ED25519} me@laptop`, ED25519]);
});

describe('refuses, and never repeats', () => {
  test.each([
    ['a key of PuTTY', 'PuTTY-User-Key-File-3: ssh-ed25519\nsecret'],
    ['a private key behind other text', `${ED25519}\n-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n`],
  ])('%s', (_, text) => {
    expect(() => keys(text)).toThrow(expect.objectContaining({ code: 'seed.key-private' }));
  });

  test.each([
    ['an empty file', '\n# nothing\n', 'there is no key in it'],
    ['something else', 'secret', 'line 1 is no public key of SSH'],
    ['a type that sshd has not', `ssh-secret ${blob('ssh-secret')}`, 'line 1 is no public key of SSH'],
    ['a key of another type than it says', `\nssh-rsa ${blob('ssh-ed25519')}`, 'line 2 is no public key of SSH'],
    ['a key that is cut off', 'ssh-ed25519 AAAA', 'line 1 is no public key of SSH'],
    ['options before the key', `command="secret" ${ED25519}`, 'line 1 is no public key of SSH'],
    ['a control character', `${ED25519} a\u001b[2Jsecret`, 'line 1 is no public key of SSH'],
  ])('%s', (_, text, why) => {
    const refused = (() => {
      try {
        return keys(text);
      } catch (error) {
        return error as Error;
      }
    })();
    expect(refused).toMatchObject({
      code: 'seed.key-invalid',
      message: expect.stringContaining(`--ssh-key id.pub: ${why}`),
    });
    expect(JSON.stringify(refused)).not.toContain('secret');
  });
});
