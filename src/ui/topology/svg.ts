import type { Box } from './drawing.ts';
import { layOut } from './svg-layout.ts';
import { svgMarkup } from './svg-markup.ts';

/** Boxes as an SVG document, with a title and a description in words. */
export function drawingSvg(boxes: readonly Box[]): string {
  const title = boxes.map((box) => box.title).join(', ');
  return svgMarkup({ ...layOut(boxes), title, description: boxes.map(inWords).join('\n') });
}

function inWords({ title, contents }: Box): string {
  const sentences = contents.map((content) => {
    if (content.kind === 'row') return content.boxes.map(inWords).join('; ');
    return content.kind === 'line' ? content.text : [content.text, ...content.parts.map(({ text }) => text)].join(', ');
  });
  return `${title}: ${sentences.join('; ')}.`;
}
