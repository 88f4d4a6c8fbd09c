/** Lines that belong together, the first of them a title. */
export interface Section {
  lines: readonly string[];
  /** Those with the lowest go first where there is no room. */
  importance: number;
  /** Where a section begins that is shown in part: a list that grows is read from its end. */
  from: 'start' | 'end';
}

/** A section that grows has at least a title and so many lines before another one goes for it. */
const FEWEST_LINES = 3;

/** The lines of all sections in at most `rows` rows; sections that grow share what the others leave. */
export function fitSections(sections: readonly Section[], rows: number): string[] {
  const present = sections.filter(({ lines }) => lines.length > 0);
  const kept = new Map(present.map((section) => [section, fewestOf(section)]));
  const used = () => [...kept.values()].reduce((sum, count) => sum + count, 0);
  for (const section of present.toSorted((a, b) => a.importance - b.importance)) {
    if (used() <= rows) break;
    const excess = used() - rows;
    const isLast = kept.size === 1;
    if (isLast) kept.set(section, Math.max(0, fewestOf(section) - excess));
    else kept.delete(section);
  }
  const growing = [...kept.keys()].filter(({ from }) => from === 'end');
  for (let room = rows - used(); room > 0; ) {
    const next = growing.filter((section) => (kept.get(section) ?? 0) < section.lines.length);
    if (next.length === 0) break;
    for (const section of next.slice(0, room)) {
      kept.set(section, Number.isFinite(rows) ? (kept.get(section) ?? 0) + 1 : section.lines.length);
      room -= 1;
    }
  }
  return present.flatMap((section) => partOf(section, kept.get(section) ?? 0));
}

function fewestOf({ lines, from }: Section): number {
  return from === 'start' ? lines.length : Math.min(FEWEST_LINES, lines.length);
}

function partOf({ lines, from }: Section, count: number): readonly string[] {
  if (count === 0) return [];
  const [title = '', ...rest] = lines;
  if (from === 'start') return lines.slice(0, count);
  return [title, ...rest.slice(rest.length - (count - 1))];
}
