import type { VcpuLoad } from '../../guest/monitor/view.ts';
import { shareBar, shareMark } from './bar.ts';
import { percentText } from './words.ts';

/** More than so many are shown by one character each. */
const MAX_WITH_BARS = 16;
const BAR_COLUMNS = 10;
/** Number, bar, percentage, and what is between. */
const CELL_COLUMNS = 3 + 1 + BAR_COLUMNS + 1 + 5 + 2;

/** The load of each vCPU, as bars side by side; of many vCPUs, as one character each. */
export function vcpuLines(vcpus: readonly VcpuLoad[], columns: number): string[] {
  if (vcpus.length === 0) return [];
  const known = vcpus.flatMap(({ load }) => (load === null ? [] : [load]));
  if (vcpus.length > MAX_WITH_BARS) {
    const marks = vcpus.map(({ load }) => (load === null ? '·' : shareMark(load))).join('');
    const busy = known.reduce((sum, load) => sum + load, 0);
    const width = Math.max(1, columns);
    const rows = Array.from({ length: Math.ceil(marks.length / width) }, (_, i) =>
      marks.slice(i * width, (i + 1) * width),
    );
    return [...rows, `${vcpus.length} vCPUs, as busy as ${busy.toFixed(1)}`];
  }
  const cells = vcpus.map(
    ({ vcpu, load }) =>
      `${`${vcpu}`.padStart(3)} ${shareBar(load ?? 0, BAR_COLUMNS)} ${percentText(load).padStart(5)}  `,
  );
  const perLine = Math.max(1, Math.floor((columns + 2) / CELL_COLUMNS));
  return Array.from({ length: Math.ceil(cells.length / perLine) }, (_, i) =>
    cells
      .slice(i * perLine, (i + 1) * perLine)
      .join('')
      .trimEnd(),
  );
}
