import type { DomainStats } from '../../libvirt/domain-stats.ts';
import type { WatchedState } from './observation.ts';

/** virDomainState, by number (include/libvirt/libvirt-domain.h). */
const STATES: readonly WatchedState[] = [
  'unknown',
  'running',
  'running',
  'paused',
  'ending',
  'off',
  'panicked',
  'paused',
];

const PAUSED = 3;
const OFF = 5;
const SUSPENDED = 7;

/** virDomainPausedReason: what the user did not ask for. */
const PAUSED_REASONS: Readonly<Record<number, { state: WatchedState; words: string }>> = {
  5: { state: 'failed', words: 'io-error' },
  6: { state: 'failed', words: 'watchdog' },
  10: { state: 'panicked', words: 'paused after a panic' },
  11: { state: 'starting', words: 'starting up' },
  14: { state: 'failed', words: 'an error inside of libvirt' },
};
/** virDomainShutoffReason. */
const OFF_REASONS: Readonly<Record<number, { state: WatchedState; words: string }>> = {
  1: { state: 'off', words: 'the guest shut down' },
  2: { state: 'off', words: 'destroyed' },
  3: { state: 'died', words: 'QEMU ended and said nothing: killed, or crashed' },
  5: { state: 'off', words: 'saved to a file' },
  6: { state: 'died', words: 'QEMU did not start' },
  8: { state: 'died', words: 'gone while no daemon of libvirt ran' },
};

/** What a domain of libvirt is doing, and why. */
export function domainState({ state, reason }: DomainStats): { state: WatchedState; detail: string | null } {
  const special = state === PAUSED ? PAUSED_REASONS[reason] : state === OFF ? OFF_REASONS[reason] : undefined;
  if (special) return { state: special.state, detail: special.words };
  return { state: STATES[state] ?? 'unknown', detail: state === SUSPENDED ? 'suspended by the guest' : null };
}
