import type { Recovered } from '../guest/life/recover.ts';
import type { Change } from '../host/journal-lines.ts';

type DomainChange = Extract<Change, { kind: 'domain' }>;

/** A domain after `recover`: the one that the command had found, the one that it made, or none, as there was none. */
type DomainState = 'old' | 'new' | 'gone';

/** What became of what one killed command had left. */
export function recoverReport({ journal: { subject, interrupted: command, changes }, kept }: Recovered) {
  const domains = changes
    .filter((change): change is DomainChange => change.kind === 'domain')
    .map(({ name, uuid, uri, before }) => ({ name, uuid, uri, state: stateOf(before, kept) }));
  return { subject, command, changes: changes.map(withoutDefinition), kept, domains } as const;
}

export type RecoverReport = ReturnType<typeof recoverReport>;

export function recoverText({ subject, command, kept, domains }: RecoverReport): string {
  if (domains.length > 0) return domains.map((domain) => domainText(domain, command)).join('\n');
  return kept ? `${subject}: stays with the guest of ${command}` : `${subject}: what ${command} had changed is undone`;
}

function domainText({ name, uri, state }: RecoverReport['domains'][number], command: string): string {
  switch (state) {
    case 'new':
      return `${name}: the new domain at ${uri}, as ${command} made it`;
    case 'old':
      return `${name}: the old domain at ${uri}, as it was before ${command}`;
    case 'gone':
      return `${name}: no domain at ${uri}, as before ${command}`;
  }
}

function stateOf(before: string | null, kept: boolean): DomainState {
  if (kept) return 'new';
  return before === null ? 'gone' : 'old';
}

/** A definition has the passwords of its domain in it. */
function withoutDefinition(change: Change) {
  if (change.kind !== 'domain') return change;
  const { kind, uri, name, uuid, before } = change;
  return { kind, uri, name, uuid, existed: before !== null };
}
