import type { GuestView } from '../../guest/monitor/view.ts';
import type { Paint } from '../paint.ts';
import { percentText, roughBytes, stateText } from './words.ts';

/** One line for each guest, at most `rows`, and the chosen one always among them. */
export function listLines(views: readonly GuestView[], chosen: number, rows: number, paint: Paint): string[] {
  const width = Math.max(...views.map(({ name }) => name.length));
  const first = Math.min(Math.max(0, chosen - Math.floor(rows / 2)), Math.max(0, views.length - rows));
  return views.slice(first, first + rows).map((view, i) => {
    const mark = first + i === chosen ? '▶' : ' ';
    return `${mark} ${view.name.padEnd(width)}  ${stateText(view.state, paint)}  ${rest(view)}`.trimEnd();
  });
}

function rest({ sample, detail }: GuestView): string {
  if (sample === null) return detail ?? '';
  const loads = sample.vcpus.flatMap(({ load }) => (load === null ? [] : [load]));
  const mean = loads.length === 0 ? null : loads.reduce((sum, load) => sum + load, 0) / loads.length;
  const parts = [`load ${percentText(mean)}`, sample.residentBytes === null ? null : roughBytes(sample.residentBytes)];
  return parts.filter(Boolean).join('  ');
}
