/**
 * A list as sysfs prints CPUs and nodes: `0-3,8` (lib/vsprintf.c, `%*pbl`).
 * @returns null where the text is not such a list.
 */
export function parseNumberList(text: string): number[] | null {
  if (text === '') return [];
  const numbers: number[] = [];
  for (const part of text.split(',')) {
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part);
    if (!match) return null;
    for (let n = Number(match[1]); n <= Number(match[2] ?? match[1]); n += 1) numbers.push(n);
  }
  return numbers;
}

/** The shortest spelling of a list of numbers: `0-3,8`. */
export function formatNumberList(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const n of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}
