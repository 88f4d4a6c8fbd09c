import type { KnownGuest } from '../../guest/life/find-guest.ts';
import { type Trouble, troubleOf } from '../../guest/monitor/advice.ts';
import type { GuestView } from '../../guest/monitor/view.ts';
import { watchGuests } from '../../guest/monitor/watch.ts';
import type { Outcome } from '../command.ts';
import { jsonReady } from '../json-ready.ts';
import type { Paint } from '../paint.ts';
import { modelOf } from './monitor.ts';
import { guestPage } from './page.ts';

/** Two samples of the load, a second apart, and what QEMU takes to answer. */
const LOOK_MS = 4_000;
const WITHOUT_TERMINAL_COLUMNS = 80;

/** Looks at guests once: a page and a finding of what is wrong for each. */
export async function look(
  guests: readonly KnownGuest[],
  { paint, signal }: { paint: Paint; signal: AbortSignal },
): Promise<Outcome> {
  const model = await modelOf(guests);
  const seen = new AbortController();
  await watchGuests(guests, {
    signal: AbortSignal.any([signal, seen.signal, AbortSignal.timeout(LOOK_MS)]),
    onObserved: (observed) => {
      model.take(observed);
      if (model.views.every(isSeen)) seen.abort();
    },
  });
  signal.throwIfAborted();
  const looks = model.views.map((view) => ({ view, trouble: troubleOf(view, model.guestOf(view.name)) }));
  const columns = process.stdout.columns || WITHOUT_TERMINAL_COLUMNS;
  const around = { nowMs: Date.now(), columns, rows: Number.POSITIVE_INFINITY, memory: model.memory, paint };
  // What is wrong is said by the findings.
  return {
    result: { guests: looks.map(({ view, trouble }) => jsonReady({ ...view, trouble })) },
    findings: looks.flatMap(({ view, trouble }) => (trouble ? [findingOf(view, trouble)] : [])),
    text: model.views.map((view) => guestPage(view, null, around).join('\n')).join('\n\n'),
  };
}

/** Of a guest that runs, the load is known; of another one there is none. */
function isSeen({ state, sample }: GuestView): boolean {
  if (state === 'unknown' || state === 'starting') return false;
  if (state === 'off' || state === 'died') return true;
  return sample?.vcpus.some(({ load }) => load !== null) ?? false;
}

function findingOf({ name }: GuestView, { id, severity, message, commands }: Trouble): Outcome['findings'][number] {
  return { id, severity, subject: name, message, remedy: commands, reference: 'ghpass monitor' };
}
