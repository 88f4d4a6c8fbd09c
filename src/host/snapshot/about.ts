import { parseObject, snapshotBroken } from './broken.ts';

/** Where a captured host says what it is. */
export const ABOUT_FILE = '/ghpass/about.json';

/** What a captured host says of itself. */
export interface About {
  /** Why the numbers are not those of a real board; left out where they are. */
  synthetic?: string;
  /** Left out for a host that nobody captured. */
  snapshot?: {
    schema: 1;
    /** Version of ghpass. */
    ghpass: string;
    /** ISO 8601, UTC. */
    takenAt: string;
    /** Whether the devices were opened, as far as they could be. */
    opened: boolean;
    /** Ids of the rules by which something was left out. */
    leftOut: readonly string[];
    /** What the host was asked without an answer. */
    unanswered: readonly { subject: string; code: string; message: string }[];
  };
}

/**
 * Why the numbers are not those of a real board; null on a real host.
 * @param text of {@link ABOUT_FILE}; null where it is absent.
 * @throws GhpassError `host.snapshot-broken`.
 */
export function readSynthetic(snapshot: string, text: string | null): string | null {
  const { synthetic = null } = text === null ? {} : parseObject(snapshot, ABOUT_FILE, text);
  if (synthetic === null || typeof synthetic === 'string') return synthetic;
  throw snapshotBroken(snapshot, ABOUT_FILE, 'synthetic is no string');
}
