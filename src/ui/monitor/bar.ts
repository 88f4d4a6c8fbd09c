/** One part of a bar. */
export interface Segment {
  weight: number;
  fill: string;
}

/**
 * A bar of `columns` cells, each part as long as its share of the whole; a part that is there at all has at least one cell
 * where there are enough of them.
 */
export function segmentedBar(segments: readonly Segment[], columns: number): string {
  const parts = segments.filter(({ weight }) => weight > 0);
  const whole = parts.reduce((sum, { weight }) => sum + weight, 0);
  const cells = parts.map(({ weight }) => Math.max(1, Math.round((weight * columns) / whole)));
  // What rounding gave too much or too little is the longest part's.
  const longest = cells.indexOf(Math.max(...cells));
  const excess = cells.reduce((sum, count) => sum + count, 0) - columns;
  return parts
    .map(({ fill }, i) => fill.repeat(Math.max(0, (cells[i] ?? 0) - (i === longest ? excess : 0))))
    .join('')
    .slice(0, Math.max(0, columns));
}

/** A share from 0 to 1 as a bar. */
export function shareBar(share: number, columns: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * columns);
  return `${'█'.repeat(filled)}${'░'.repeat(columns - filled)}`;
}

const HEIGHTS = '▁▂▃▄▅▆▇█';

/** A share from 0 to 1 as one character. */
export function shareMark(share: number): string {
  return HEIGHTS[Math.min(HEIGHTS.length - 1, Math.floor(share * HEIGHTS.length))] ?? ' ';
}
