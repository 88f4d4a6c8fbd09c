import { XmlElement } from './xml.ts';

/** An element as a declaration: name, attributes, and either children or text. */
export type Shape = readonly [
  name: string,
  attributes?: Readonly<Record<string, string | number | undefined>>,
  content?: readonly Shape[] | string,
];

const STEP = '  ';

/** Adds an element behind its siblings, indented as they are. */
export function append(parent: XmlElement, shape: Shape, depth: number): XmlElement {
  const indent = indentOfChildren(parent) ?? (parent.elements().length > 0 ? null : `\n${STEP.repeat(depth)}`);
  const element = build(shape, indent);
  const last = parent.children.at(-1);
  const isFirst = parent.isOneTag && parent.children.length === 0;
  const behind = isBlank(last) ? parent.children.pop() : isFirst ? indent?.slice(0, -STEP.length) : undefined;
  if (indent !== null) parent.children.push(indent);
  parent.children.push(element);
  if (behind !== undefined && behind !== '') parent.children.push(behind);
  return element;
}

/** Takes an element away, and the white space that was put in front of it. */
export function remove(parent: XmlElement, child: XmlElement): void {
  const position = parent.children.indexOf(child);
  if (position < 0) return;
  const isIndented = isBlank(parent.children[position - 1]);
  parent.children.splice(isIndented ? position - 1 : position, isIndented ? 2 : 1);
}

/** The children of one name, or none where the way there is missing. */
export function childrenAt(root: XmlElement, path: readonly string[]): { parent: XmlElement; child: XmlElement }[] {
  const parent = root.find(...path.slice(0, -1));
  return parent?.elements(path.at(-1)).map((child) => ({ parent, child })) ?? [];
}

function build([name, attributes, content]: Shape, indent: string | null): XmlElement {
  const element = XmlElement.make(name, attributes);
  if (typeof content === 'string') element.setText(content);
  else if (content && content.length > 0) {
    for (const child of content) {
      if (indent !== null) element.children.push(`${indent}${STEP}`);
      element.children.push(build(child, indent === null ? null : `${indent}${STEP}`));
    }
    if (indent !== null) element.children.push(indent);
  }
  return element;
}

/** The line break and the blanks in front of the first child; null where children stand on one line. */
function indentOfChildren(parent: XmlElement): string | null {
  const position = parent.children.findIndex((node) => node instanceof XmlElement);
  const before = parent.children[position - 1];
  if (typeof before !== 'string' || !isBlank(before)) return null;
  return before.slice(before.lastIndexOf('\n'));
}

function isBlank(node: XmlElement | string | undefined): boolean {
  return typeof node === 'string' && /^\s*$/.test(node);
}
