/** What is drawn. The name is a class, and the style sheet says what it looks like. */
export type Shape =
  | { kind: 'rect'; name: string; x: number; y: number; width: number; height: number; rx?: number }
  | { kind: 'text'; name: string; x: number; y: number; text: string };

export interface Drawing {
  width: number;
  height: number;
  shapes: readonly Shape[];
  /** For those who do not see it. */
  title: string;
  description: string;
}

/** Light, and dark for viewers that are. No font is fetched: any monospaced one will do. */
const STYLE = `
text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }
.title { font-weight: bold }
.page { fill: #ffffff }
.box { stroke: #8c959f; stroke-width: 1 }
.depth0 { fill: #f6f8fa } .depth1 { fill: #ffffff } .depth2 { fill: #f6f8fa } .depth3 { fill: #ffffff }
.part { stroke: #57606a; stroke-width: 0.5 }
.usable, .gpus { fill: #2da44e } .reserved { fill: #bf8700 } .padding, .free { fill: #d0d7de } .device { fill: #8c959f }
.mark0 { fill: #0969da } .mark1 { fill: #8250df } .mark2 { fill: #bc4c00 } .mark3 { fill: #bf3989 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.page { fill: #0d1117 }
.box { stroke: #6e7681 }
.depth0 { fill: #161b22 } .depth1 { fill: #0d1117 } .depth2 { fill: #161b22 } .depth3 { fill: #0d1117 }
.part { stroke: #8b949e }
.usable, .gpus { fill: #3fb950 } .reserved { fill: #d29922 } .padding, .free { fill: #30363d } .device { fill: #6e7681 }
.mark0 { fill: #58a6ff } .mark1 { fill: #bc8cff } .mark2 { fill: #f0883e } .mark3 { fill: #f778ba }
}
`;

/** An SVG document. */
export function svgMarkup({ width, height, shapes, title, description }: Drawing): string {
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'aria-labelledby': 'title description',
  };
  const contents = [
    element('title', { id: 'title' }, escaped(title)),
    element('desc', { id: 'description' }, escaped(description)),
    element('style', {}, STYLE),
    ...shapes.map(shapeMarkup),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('svg', root, `\n${contents.join('\n')}\n`)}\n`;
}

function shapeMarkup(shape: Shape): string {
  const { kind, name, ...rest } = shape;
  if (!('text' in rest)) return element(kind, { class: name, ...rest });
  const { text, ...attributes } = rest;
  return element(kind, { class: name, ...attributes }, escaped(text));
}

function element(name: string, attributes: Readonly<Record<string, string | number>>, content = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(shown(value))}"`);
  const start = `<${name}${written.join('')}`;
  return content === '' ? `${start}/>` : `${start}>${content}</${name}>`;
}

/** Tenths of a pixel are more than anybody sees. */
function shown(value: string | number): string {
  return typeof value === 'number' ? `${Math.round(value * 10) / 10}` : value;
}

/** Text of XML 1.0, which has no way to write some characters at all. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
