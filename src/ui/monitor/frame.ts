import { troubleOf } from '../../guest/monitor/advice.ts';
import { listLines } from './list-lines.ts';
import type { MonitorModel } from './model.ts';
import { guestPage, type Surroundings } from './page.ts';

/** What the keys changed. */
export interface Choice {
  /** Position of the guest that is shown in full. */
  chosen: number;
  help: boolean;
}

const KEYS = 'q quit · ? keys';
const KEYS_OF_SEVERAL = 'Tab, arrows choose · q quit · ? keys';

const HELP = [
  'q, Ctrl-C       leave; the guests go on',
  'Tab, ↓, →, j    the next guest',
  '↑, ←, k         the guest before',
  '?, Esc          these keys, and back',
  '',
  '● running  ‖ paused  ✖ failed, panicked, silent or died',
  '○ off  … starting or ending  ? not known',
];

/** The whole screen: a list where there are several guests, all about one of them, and the keys in the last row. */
export function frame(model: MonitorModel, { chosen, help }: Choice, around: Surroundings): string[] {
  const { rows, paint } = around;
  const { views } = model;
  const view = views[chosen];
  const keys = paint.dim(views.length > 1 ? KEYS_OF_SEVERAL : KEYS);
  if (help) return [...HELP.slice(0, Math.max(0, rows - 1)), keys].slice(0, rows);
  const list = views.length > 1 ? listLines(views, chosen, Math.max(1, Math.floor(rows / 3)), paint) : [];
  const head = list.length > 0 && rows > list.length + 3 ? [...list, ''] : list;
  const left = rows - head.length - 1;
  const page =
    view && left > 0 ? guestPage(view, troubleOf(view, model.guestOf(view.name)), { ...around, rows: left }) : [];
  return [...head, ...page, keys].slice(0, rows);
}
