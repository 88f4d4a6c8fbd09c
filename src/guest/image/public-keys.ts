import { GhpassError } from '../../errors.ts';

/** Types of keys that sshd takes, without certificates (OpenSSH 10, sshkey.c). */
const TYPES =
  /^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)$/;
const PRIVATE = /-----BEGIN [A-Z ]*PRIVATE KEY-----|^PuTTY-User-Key-File/m;

/**
 * The public keys in a file as `ssh-keygen` writes it, one a line; a comment may stand behind each, and on lines of its own.
 * What is in a file that is none of that is never repeated: it may be a secret.
 * @throws GhpassError `seed.key-private`, `seed.key-invalid`.
 */
export function requirePublicKeys(text: string, path: string): string[] {
  if (PRIVATE.test(text)) {
    throw new GhpassError('usage', {
      code: 'seed.key-private',
      message: `--ssh-key ${path}: this is a private key, and it must not leave this machine`,
      suggestions: [`--ssh-key ${path}.pub`],
    });
  }
  const lines = text.split('\n').map((line) => line.trim());
  const numbered = lines
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  const wrong = numbered.find(({ line }) => !isPublicKey(line));
  if (numbered.length > 0 && !wrong) return numbered.map(({ line }) => line);
  const where = wrong ? `line ${wrong.number} is no public key of SSH` : 'there is no key in it';
  throw new GhpassError('usage', {
    code: 'seed.key-invalid',
    message: `--ssh-key ${path}: ${where}: those begin with ssh-ed25519, ssh-rsa or ecdsa-sha2-`,
    suggestions: ['ssh-keygen -t ed25519   # makes a pair', '--ssh-key ~/.ssh/id_ed25519.pub'],
  });
}

/** The type is written twice: as a word, and at the start of the key itself (RFC 4253, 6.6). */
function isPublicKey(line: string): boolean {
  const [, type = '', key = ''] = /^(\S+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+\P{Cc}*)?$/u.exec(line) ?? [];
  if (!TYPES.test(type)) return false;
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length <= 4 + type.length) return false;
  return bytes.readUInt32BE(0) === type.length && bytes.subarray(4, 4 + type.length).toString('latin1') === type;
}
