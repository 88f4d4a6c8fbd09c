import { visible } from '../findings-text.ts';
import type { Paint } from '../paint.ts';
import type { Box, Content, Filling, Scale } from './drawing.ts';
import type { Glyphs } from './glyphs.ts';

/** What is drawn is not narrower: boxes in boxes need the room. And a line that is longer is hard to follow. */
const NARROWEST = 60;
const WIDEST = 140;
/** A GPU beside another needs this much inside of its frame. */
const NARROWEST_BOX = 52;
/** A frame and a space on each side. */
const FRAME_COLUMNS = 4;

type Tone = 'bold' | 'dim' | 'green' | 'yellow';

const TONES: Readonly<Partial<Record<Filling, Tone>>> = {
  usable: 'green',
  reserved: 'yellow',
  padding: 'dim',
  gpus: 'green',
  free: 'dim',
};

/** A piece of a line; the lengths are those of the texts, and colours come last. */
interface Piece {
  text: string;
  tone?: Tone | undefined;
}

type TextLine = Piece[];

interface Pen {
  glyphs: Glyphs;
  width: number;
}

/** How wide a picture may be: what the terminal has, or COLUMNS; 80 where nobody says. */
export function drawingColumns(stream: { columns?: number }, env: NodeJS.ProcessEnv): number {
  const said = Number(env.COLUMNS) || stream.columns || 80;
  return Math.min(Math.max(said, NARROWEST), WIDEST);
}

/** Boxes one below the other, for a terminal of so many columns. */
export function drawingText(boxes: readonly Box[], columns: number, glyphs: Glyphs, paint: Paint): string {
  const lines = boxes.flatMap((box) => drawBox(box, { glyphs, width: columns }));
  return lines.map((line) => line.map(({ text, tone }) => (tone ? paint[tone](text) : text)).join('')).join('\n');
}

function drawBox({ title, contents }: Box, pen: Pen): TextLine[] {
  const [topLeft, topRight, bottomLeft, bottomRight, horizontal, vertical] = pen.glyphs.frame;
  const inner = { ...pen, width: pen.width - FRAME_COLUMNS };
  const name = cut(spelled(title, pen), inner.width - 1);
  const rest = horizontal.repeat(inner.width - 1 - name.length);
  return [
    [{ text: `${topLeft}${horizontal} ` }, { text: name, tone: 'bold' }, { text: ` ${rest}${topRight}` }],
    ...contents
      .flatMap((content) => draw(content, inner))
      .map((line) => [{ text: `${vertical} ` }, ...padded(line, inner.width), { text: ` ${vertical}` }]),
    [{ text: `${bottomLeft}${horizontal.repeat(pen.width - 2)}${bottomRight}` }],
  ];
}

function draw(content: Content, pen: Pen): TextLine[] {
  if (content.kind === 'line') return wrap(spelled(content.text, pen), pen.width).map((text) => [{ text }]);
  if (content.kind === 'scale') return drawScale(content, pen);
  const perRow = Math.max(1, Math.min(content.boxes.length, Math.floor((pen.width + 1) / (NARROWEST_BOX + 1))));
  const rows = Array.from({ length: Math.ceil(content.boxes.length / perRow) }, (_, i) =>
    content.boxes.slice(i * perRow, (i + 1) * perRow),
  );
  const width = Math.floor((pen.width + 1) / perRow) - 1;
  return rows.flatMap((boxes) =>
    beside(
      boxes.map((box) => drawBox(box, { ...pen, width })),
      width,
    ),
  );
}

function beside(drawn: readonly TextLine[][], width: number): TextLine[] {
  const height = Math.max(...drawn.map((lines) => lines.length));
  return Array.from({ length: height }, (_, y) =>
    drawn.flatMap((lines, x) => [...(x > 0 ? [{ text: ' ' }] : []), ...padded(lines[y] ?? [], width)]),
  );
}

/** A heading, the parts to scale, and what they are; one part alone needs no scale. */
function drawScale({ text, parts }: Scale, pen: Pen): TextLine[] {
  const [only] = parts;
  const heading = parts.length === 1 && only ? `${text}: ${only.text}` : text;
  const lines = wrap(spelled(heading, pen), pen.width).map((words): TextLine => [{ text: words }]);
  if (parts.length < 2) return lines;
  const cells = share(
    parts.map(({ sizeBytes }) => sizeBytes),
    pen.width,
  );
  const bar = parts.map(({ filling }, i) => ({
    text: pen.glyphs.fillings[filling].repeat(cells[i] ?? 0),
    tone: TONES[filling],
  }));
  const legend = parts.map((part) => `${pen.glyphs.fillings[part.filling]} ${spelled(part.text, pen)}`);
  return [...lines, bar, ...flow(legend, pen.width).map((words): TextLine => [{ text: words }])];
}

/** Whole cells in proportion, at least one for each part; the largest one makes up for that. */
function share(sizes: readonly bigint[], width: number): number[] {
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0n);
  const cells = sizes.map((bytes) => Math.max(1, Number((bytes * BigInt(width)) / (total || 1n))));
  const largest = sizes.reduce((best, bytes, i) => (bytes > (sizes[best] ?? 0n) ? i : best), 0);
  const rest = width - cells.reduce((sum, count) => sum + count, 0);
  return cells.map((count, i) => (i === largest ? count + rest : count));
}

/** Texts one behind the other, as many as go into a line. */
function flow(texts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + text.length <= width) lines[lines.length - 1] = `${last}  ${text}`;
    else lines.push(cut(text, width));
  }
  return lines;
}

/** Lines of whole words, those behind the first one indented; a word that is too long is broken. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= width) {
      line = longer;
      continue;
    }
    if (line.trim() !== '') lines.push(line);
    line = lines.length > 0 ? `  ${word}` : word;
    for (; line.length > width; line = `  ${line.slice(width)}`) lines.push(line.slice(0, width));
  }
  return [...lines, line];
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 3)}...`;
}

/** Names come from files and devices, which do not get to steer the terminal. */
function spelled(text: string, { glyphs }: Pen): string {
  return glyphs.spell(visible(text).replaceAll('\n', '\\x0a'));
}

function padded(line: TextLine, width: number): TextLine {
  const length = line.reduce((sum, { text }) => sum + text.length, 0);
  return [...line, { text: ' '.repeat(Math.max(0, width - length)) }];
}
