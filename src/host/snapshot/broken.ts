import { GhpassError } from '../../errors.ts';

/**
 * Somebody else's snapshot that cannot be what `ghpass snapshot` wrote.
 * @param snapshot as the user named it.
 * @param entry the path in the snapshot; null where it is the file as a whole.
 * @param what is wrong with it.
 */
export function snapshotBroken(snapshot: string, entry: string | null, what: string, cause?: unknown): GhpassError {
  const where = entry === null ? snapshot : `${snapshot}: ${entry}`;
  return new GhpassError('usage', {
    code: 'host.snapshot-broken',
    message: `${where}: ${what}`,
    suggestions: ['ghpass snapshot -o FILE.tar.gz   # on that host, once more'],
    cause,
  });
}

/**
 * A JSON object out of a snapshot.
 * @throws GhpassError `host.snapshot-broken`.
 */
export function parseObject(snapshot: string, entry: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw snapshotBroken(snapshot, entry, 'no JSON', error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw snapshotBroken(snapshot, entry, 'no JSON object');
}
