import { GhpassError } from '../../errors.ts';

/** Labels of letters, digits and hyphens between them (RFC 1123, 2.1); Linux takes 64 bytes in all. */
const HOST_NAME = /^(?=.{1,64}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** @throws GhpassError `seed.hostname-invalid`. */
export function requireHostName(text: string): string {
  if (HOST_NAME.test(text)) return text;
  throw new GhpassError('usage', {
    code: 'seed.hostname-invalid',
    message: `--hostname ${JSON.stringify(text)}: a host name has letters, digits, and hyphens and dots between them, at most 64`,
    suggestions: ['--hostname demo'],
  });
}

/** The host name that the name of a guest gives: what a host name cannot have becomes a hyphen. */
export function hostNameOf(guest: string): string {
  const labels = guest.split('.').map((label) => label.replace(/[^A-Za-z0-9-]/g, '-').replace(/^-+|-+$/g, ''));
  return labels.filter((label) => label !== '').join('.');
}
