import type { WatchedState } from '../../guest/monitor/observation.ts';
import type { Paint } from '../paint.ts';

const MARKS: Readonly<Record<WatchedState, { mark: string; paint: keyof Paint }>> = {
  unknown: { mark: '?', paint: 'yellow' },
  starting: { mark: '…', paint: 'yellow' },
  running: { mark: '●', paint: 'green' },
  paused: { mark: '‖', paint: 'yellow' },
  failed: { mark: '✖', paint: 'red' },
  panicked: { mark: '✖', paint: 'red' },
  silent: { mark: '✖', paint: 'red' },
  ending: { mark: '…', paint: 'yellow' },
  off: { mark: '○', paint: 'dim' },
  died: { mark: '✖', paint: 'red' },
};

/** A state as a mark and a word, so that no colour is needed. */
export function stateText(state: WatchedState, paint: Paint): string {
  const { mark, paint: color } = MARKS[state];
  return paint[color](`${mark} ${state}`);
}

/** A time that has passed, in its two largest units: `3 h 12 min`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

export function percentText(share: number | null): string {
  return share === null ? '-' : `${Math.round(share * 100)} %`;
}

/** By the clock of this machine. */
export function clockText(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8);
}

/** A size as it is taken in at a glance: 12.3 GiB. */
export function roughBytes(bytes: bigint): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}

/** Numbers that follow each other as ranges: `1-8, 12`. */
export function rangesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}
