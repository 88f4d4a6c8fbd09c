import type { GuestEntry } from '../guest/life/guest-entry.ts';
import type { GuestStatus } from '../guest/life/guest-status.ts';
import { formatBytes } from '../vfio/bytes.ts';
import type { Paint } from './paint.ts';

const COLUMNS = ['name', 'backend', 'state', 'vcpus', 'memory', 'gpus'] as const;

/** Guests as a table, one on a line; what is wrong with one is behind it. */
export function guestListText(guests: readonly GuestEntry[], paint: Paint): string {
  if (guests.length === 0) return 'no guests';
  const rows = guests.map(({ name, backend, state, vcpus, memoryBytes, gpus, own }) => [
    name,
    own ? backend : `${backend}*`,
    state,
    `${vcpus ?? '-'}`,
    memoryBytes === null ? '-' : formatBytes(memoryBytes),
    gpus.join(' ') || '-',
  ]);
  const table = [COLUMNS.map((title) => title.toUpperCase()), ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = lines;
  const told = body.map((line, i) => (guests[i]?.why ? `${line}  ${paint.dim(`(${guests[i]?.why})`)}` : line));
  const legend = guests.some(({ own }) => !own) ? [paint.dim('* somebody else’s domain, with GPUs from ghpass')] : [];
  return [paint.bold(head), ...told, ...legend].join('\n');
}

/** One guest, one thing on a line. */
export function guestStatusText({ guest, gpus, process, files, journals, next }: GuestStatus, paint: Paint): string {
  const rows: [string, string][] = [
    ['state', guest.why === null ? guest.state : `${guest.state} (${guest.why})`],
    ['backend', guest.uri === null ? guest.backend : `${guest.backend} at ${guest.uri}`],
    ['made by', guest.own ? 'ghpass' : 'somebody else; ghpass gave it GPUs'],
    ['vCPUs', `${guest.vcpus ?? 'not known'}`],
    ['memory', guest.memoryBytes === null ? 'not known' : formatBytes(guest.memoryBytes)],
    ...gpus.map(({ address, driver }): [string, string] => ['GPU', `${address}, bound to ${driver ?? 'no driver'}`]),
    ...(process ? [['process', `${process.pid}, up ${durationText(process.uptimeSeconds)}`] as [string, string]] : []),
    ...files.map((path): [string, string] => ['file', path]),
    ...journals.map(({ subject, command, kept }): [string, string] => [
      'journal',
      `${subject}, ${kept ? 'kept' : 'half done'} by ${command}`,
    ]),
    ...next.map((command): [string, string] => ['next', command]),
  ];
  const lines = rows.map(([name, value], i) => `  ${(rows[i - 1]?.[0] === name ? '' : name).padEnd(8)} ${value}`);
  return [paint.bold(guest.name), ...lines].join('\n');
}

/** `3d 4h`, `4h 5m`, `5m 6s`, `6s`: the two largest units. */
function durationText(seconds: number): string {
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  const shown = first < 0 ? units.slice(-1) : units.slice(first, first + 2);
  return shown.map(([count, unit]) => `${count}${unit}`).join(' ');
}
