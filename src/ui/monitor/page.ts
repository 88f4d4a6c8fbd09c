import type { Trouble } from '../../guest/monitor/advice.ts';
import { plainLine } from '../../guest/monitor/console-tail.ts';
import type { GpuMemory } from '../../guest/monitor/gpu-memory.ts';
import type { GuestEvent, GuestView } from '../../guest/monitor/view.ts';
import type { Paint } from '../paint.ts';
import { shareBar } from './bar.ts';
import { fitSections, type Section } from './fit-sections.ts';
import { memoryMapLines, nodeLines, windowLines } from './gpu-lines.ts';
import { vcpuLines } from './vcpu-lines.ts';
import { clockText, durationText, roughBytes, stateText } from './words.ts';

/** What is drawn beside the guests themselves. */
export interface Surroundings {
  nowMs: number;
  columns: number;
  /** Infinity where all is to be shown. */
  rows: number;
  memory: GpuMemory;
  paint: Paint;
}

const MAX_BAR_COLUMNS = 64;
const INDENT = 2;

/**
 * All about one guest. Where there are too few rows, the least important sections go first: how a healthy guest is made
 * before what happens to it, and what is wrong never.
 */
export function guestPage(view: GuestView, trouble: Trouble | null, around: Surroundings): string[] {
  const { paint, columns, rows, memory } = around;
  const bar = Math.max(8, Math.min(MAX_BAR_COLUMNS, columns - INDENT - 1));
  const { plan } = view;
  const titled = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [paint.bold(title), ...lines.map((line) => `${' '.repeat(INDENT)}${line}`)];
  const gpus = (plan?.gpus ?? []).flatMap((gpu) => titled(`GPU ${gpu.address}`, memoryMapLines(gpu, memory, bar)));
  const sections: Section[] = [
    { lines: [headLine(view, around)], importance: 10, from: 'start' },
    { lines: trouble ? troubleLines(trouble, paint) : [], importance: 9, from: 'start' },
    { lines: titled('vCPUs', vcpuLines(view.sample?.vcpus ?? [], columns - INDENT)), importance: 8, from: 'start' },
    { lines: titled('memory', memoryLines(view)), importance: 7, from: 'start' },
    {
      lines: titled('nodes', plan ? nodeLines(plan) : [view.noPlan ?? 'no plan is known']),
      importance: 2,
      from: 'start',
    },
    { lines: gpus, importance: 4, from: 'start' },
    { lines: titled('MMIO window', plan ? windowLines(plan, bar) : []), importance: 1, from: 'start' },
    { lines: titled('events', view.events.map(eventLine)), importance: 5, from: 'end' },
    { lines: titled('console', view.console), importance: 6, from: 'end' },
  ];
  return fitSections(sections, rows);
}

function headLine(view: GuestView, { paint, nowMs }: Surroundings): string {
  const since = view.startedAtMs ?? null;
  const parts = [
    since === null ? null : `up ${durationText(nowMs - since)}`,
    view.sinceMs === null || view.state === 'running' ? null : `for ${durationText(nowMs - view.sinceMs)}`,
    view.backend === 'libvirt' ? 'libvirt' : null,
    view.pid === null ? null : `process ${view.pid}`,
    watchingText(view),
  ];
  return `${paint.bold(view.name)}  ${stateText(view.state, paint)}  ${parts.filter(Boolean).join(', ')}`;
}

function watchingText({ watching: { by, note } }: GuestView): string | null {
  if (note !== null) return note;
  return by === 'nothing' ? null : `by ${by}`;
}

function troubleLines({ message, commands, severity }: Trouble, paint: Paint): string[] {
  const color = severity === 'fail' ? paint.red : paint.yellow;
  return [
    color(`${severity === 'fail' ? '✖' : '!'} ${message}`),
    ...commands.map((command) => `  Try this: ${command}`),
  ];
}

function memoryLines({ plan, sample, balloonBytes }: GuestView): string[] {
  const resident = sample?.residentBytes ?? null;
  if (plan === null) return resident === null ? [] : [`resident ${roughBytes(resident)}`];
  const total = plan.memoryBytes;
  const parts = [
    `${roughBytes(total)}${plan.hugePageBytes === null ? '' : ` of ${roughBytes(plan.hugePageBytes)} pages`}`,
    resident === null ? null : `resident ${roughBytes(resident)}`,
    balloonBytes === null || balloonBytes === total ? null : `balloon leaves ${roughBytes(balloonBytes)}`,
  ];
  const text = parts.filter(Boolean).join(', ');
  return resident === null ? [text] : [`${shareBar(Number(resident) / Number(total), 20)} ${text}`];
}

function eventLine({ atMs, name, data }: GuestEvent): string {
  const { detail, ...rest } = data;
  const more = typeof detail === 'string' ? detail : Object.keys(rest).length > 0 ? JSON.stringify(rest) : '';
  return plainLine(`${clockText(atMs)} ${name} ${more}`).trimEnd();
}
