import type { ChangedDomain } from '../guest/domain/change-gpus.ts';

/** What became of a domain, in a sentence or two. */
export function changedText({ domain: { name }, plan, defined, running }: ChangedDomain): string {
  const gpus = plan?.gpus.map(({ address }) => address).join(', ') || 'no GPU';
  if (!defined) return `${name} stays as it is`;
  const when = running
    ? '; it runs as it was started, and has the change at its next boot: its nodes are fixed until then'
    : '';
  return `${name} has ${gpus}${when}`;
}
