/** No kernel is built for more CPUs (NR_CPUS, up to 8192 on x86), and none for as many nodes (NODES_SHIFT, up to 10). */
const MAX_NUMBER = 8191;

/**
 * A list as sysfs prints CPUs and nodes: `0-3,8` (lib/vsprintf.c, `%*pbl`), ascending, and so without doubles.
 * @returns null where the text is not such a list.
 */
export function parseNumberList(text: string): number[] | null {
  if (text === '') return [];
  const numbers: number[] = [];
  let next = 0;
  for (const part of text.split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    if (!match) return null;
    const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (from < next || to < from || to > MAX_NUMBER) return null;
    for (let n = from; n <= to; n += 1) numbers.push(n);
    next = to + 1;
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
