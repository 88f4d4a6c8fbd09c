import { visible } from '../findings-text.ts';
import type { Box, Content, Row, Scale } from './drawing.ts';
import type { Shape } from './svg-markup.ts';
import { wrap } from './text.ts';

/** Pixels. A character of a monospaced font of 13 pixels is 7.8 wide in every common one. */
const CHARACTER = 7.8;
const LINE = 19;
const BASELINE = 14;
const MARGIN = 16;
const PADDING = 12;
const GAP = 12;
const BAR = 14;
/** A line that is longer is broken. */
const LONGEST = 72;
/** However few words are around it, proportions are to be seen. */
const NARROWEST_SCALE = 260;
/** A part that is tiny beside the others is to be seen, too. */
const THINNEST = 3;
const SWATCH = 10;

interface Size {
  width: number;
  height: number;
}

/** Where everything goes: boxes one below the other. */
export function layOut(boxes: readonly Box[]): Size & { shapes: Shape[] } {
  const devices = devicesOf(boxes);
  const sizes = boxes.map(sizeOfBox);
  const width = Math.max(0, ...sizes.map((size) => size.width));
  let y = MARGIN;
  const shapes = boxes.flatMap((box, i) => {
    const height = sizes[i]?.height ?? 0;
    const placed = placeBox(box, { x: MARGIN, y, width, height }, { depth: 0, devices });
    y += height + GAP;
    return placed;
  });
  const size = { width: Math.ceil(width + 2 * MARGIN), height: Math.ceil(y - GAP + MARGIN) };
  return { ...size, shapes: [{ kind: 'rect', name: 'page', x: 0, y: 0, ...size }, ...shapes] };
}

/** Both boxes of a device get the same mark. */
function devicesOf(boxes: readonly Box[]): string[] {
  const inside = (box: Box): string[] => [
    ...(box.device === undefined ? [] : [box.device]),
    ...box.contents.flatMap((content) => (content.kind === 'row' ? content.boxes.flatMap(inside) : [])),
  ];
  return [...new Set(boxes.flatMap(inside))];
}

function sizeOfBox({ title, contents }: Box): Size {
  const sizes = contents.map(sizeOf);
  const width = Math.max(spelled(title).length * CHARACTER, ...sizes.map((size) => size.width));
  const height = LINE + sizes.reduce((sum, size) => sum + size.height, 0);
  return { width: width + 2 * PADDING, height: height + 2 * PADDING };
}

function sizeOf(content: Content): Size {
  if (content.kind === 'row') return sizeOfRow(content);
  const lines = linesOf(content.kind === 'scale' ? headingOf(content) : content.text);
  const words = { width: Math.max(...lines.map((line) => line.length)) * CHARACTER, height: lines.length * LINE };
  if (content.kind === 'line' || content.parts.length < 2) return words;
  const legend = content.parts.map(({ text }) => SWATCH + 6 + spelled(text).length * CHARACTER + GAP);
  const width = Math.max(
    words.width,
    NARROWEST_SCALE,
    legend.reduce((sum, part) => sum + part, 0),
  );
  return { width, height: words.height + BAR + 4 + LINE };
}

function sizeOfRow({ boxes }: Row): Size {
  const sizes = boxes.map(sizeOfBox);
  return {
    width: sizes.reduce((sum, { width }) => sum + width, 0) + GAP * (boxes.length - 1),
    height: Math.max(...sizes.map(({ height }) => height)) + GAP,
  };
}

interface Spot extends Size {
  x: number;
  y: number;
}

interface Surroundings {
  depth: number;
  devices: readonly string[];
}

function placeBox({ title, contents, device }: Box, spot: Spot, { depth, devices }: Surroundings): Shape[] {
  const { x, y, width, height } = spot;
  const inner = { x: x + PADDING, width: width - 2 * PADDING };
  const mark = device === undefined ? -1 : devices.indexOf(device) % 4;
  const shapes: Shape[] = [
    { kind: 'rect', name: `box depth${Math.min(depth, 3)}`, x, y, width, height, rx: 6 },
    ...(mark < 0 ? [] : [{ kind: 'rect' as const, name: `mark${mark}`, x, y: y + 6, width: 4, height: height - 12 }]),
    { kind: 'text', name: 'title', x: inner.x, y: y + PADDING + BASELINE, text: spelled(title) },
  ];
  let top = y + PADDING + LINE;
  for (const content of contents) {
    const size = sizeOf(content);
    shapes.push(...place(content, { ...inner, y: top, height: size.height }, { depth: depth + 1, devices }));
    top += size.height;
  }
  return shapes;
}

function place(content: Content, spot: Spot, surroundings: Surroundings): Shape[] {
  if (content.kind === 'line') return words(linesOf(content.text), spot);
  if (content.kind === 'scale') return placeScale(content, spot);
  const sizes = content.boxes.map(sizeOfBox);
  const height = spot.height - GAP;
  // Boxes of a row are as high as the highest, and share what is left of the width.
  const left = spot.width - sizes.reduce((sum, { width }) => sum + width, 0) - GAP * (sizes.length - 1);
  let x = spot.x;
  return content.boxes.flatMap((box, i) => {
    const width = (sizes[i]?.width ?? 0) + left / sizes.length;
    const placed = placeBox(box, { x, y: spot.y + GAP / 2, width, height }, surroundings);
    x += width + GAP;
    return placed;
  });
}

function placeScale(scale: Scale, { x, y, width, height }: Spot): Shape[] {
  const lines = linesOf(headingOf(scale));
  const shapes = words(lines, { x, y, width, height });
  if (scale.parts.length < 2) return shapes;
  const top = y + lines.length * LINE;
  const widths = share(scale, width);
  let at = x;
  let legend = x;
  scale.parts.forEach(({ filling, text }, i) => {
    const name = `part ${filling}`;
    shapes.push({ kind: 'rect', name, x: at, y: top, width: widths[i] ?? 0, height: BAR });
    at += widths[i] ?? 0;
    const below = top + BAR + 4;
    shapes.push({ kind: 'rect', name, x: legend, y: below + 4, width: SWATCH, height: SWATCH });
    shapes.push({ kind: 'text', name: 'words', x: legend + SWATCH + 6, y: below + BASELINE, text: spelled(text) });
    legend += SWATCH + 6 + spelled(text).length * CHARACTER + GAP;
  });
  return shapes;
}

/** In proportion, and none too thin; the largest one makes up for that. */
function share({ parts }: Scale, width: number): number[] {
  const total = Number(parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n)) || 1;
  const widths = parts.map(({ sizeBytes }) => Math.max(THINNEST, (Number(sizeBytes) / total) * width));
  const largest = widths.indexOf(Math.max(...widths));
  const over = widths.reduce((sum, part) => sum + part, 0) - width;
  return widths.map((part, i) => (i === largest ? part - over : part));
}

function words(lines: readonly string[], { x, y }: Spot): Shape[] {
  return lines.map((text, i) => ({ kind: 'text', name: 'words', x, y: y + i * LINE + BASELINE, text }));
}

function headingOf({ text, parts: [only, ...others] }: Scale): string {
  return only && others.length === 0 ? `${text}: ${only.text}` : text;
}

function linesOf(text: string): string[] {
  return wrap(spelled(text), LONGEST);
}

function spelled(text: string): string {
  return visible(text).replaceAll('\n', '\\x0a');
}
