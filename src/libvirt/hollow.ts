import type { XmlElement } from './xml.ts';

/**
 * Elements of a tree by where they are: names joined by slashes, with a number behind those that are not the first of
 * their name.
 */
function* walk(element: XmlElement, path = ''): Generator<[XmlElement, string]> {
  const seen = new Map<string, number>();
  for (const child of element.elements()) {
    const before = seen.get(child.name) ?? 0;
    seen.set(child.name, before + 1);
    const own = `${path}${child.name}${before === 0 ? '' : `.${before}`}`;
    yield [child, own];
    yield* walk(child, `${own}/`);
  }
}

/** Elements that are written as two tags with nothing but white space between them. */
export function hollowElements(root: XmlElement): ReadonlyMap<XmlElement, string> {
  return new Map([...walk(root)].filter(([element]) => !element.isOneTag && isHollow(element)));
}

/** Elements with others in them. */
export function filledElements(root: XmlElement): ReadonlyMap<XmlElement, string> {
  return new Map([...walk(root)].filter(([element]) => element.elements().length > 0));
}

/** Nothing but white space is in it; a comment is something. */
export function isHollow({ children }: XmlElement): boolean {
  return children.every((node) => typeof node === 'string' && /^\s*$/.test(node));
}
