import type { Deletion } from '../guest/life/delete-guest.ts';

/** What goes with a guest and what stays, one thing on a line. */
export function deletionText({ name, removed, stays }: Deletion): string {
  const rows = removed.map(({ kind, what }) => `  ${kind.padEnd(8)} ${what}`);
  const kept = stays.map((path) => `  stays    ${path}`);
  return [`with ${name} goes:`, ...rows, ...kept].join('\n');
}
