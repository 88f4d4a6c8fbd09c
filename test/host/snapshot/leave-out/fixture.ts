import type { LeaveOutRule } from '../../../../src/host/snapshot/leave-out/rule.ts';

export const NAMES = { host: 'login01.example.org', release: '6.17.0' };

/** What a rule makes of one text in one file. */
export function textAfter(rule: LeaveOutRule, path: string, text: string): string {
  const { files } = rule.apply({ files: { [path]: new TextEncoder().encode(text) }, links: {} }, NAMES);
  return Buffer.from(files[path] ?? '').toString();
}
