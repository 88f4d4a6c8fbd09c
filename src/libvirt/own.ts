import { append, childrenAt, remove, type Shape } from './edit.ts';
import type { XmlElement } from './xml.ts';

type Attributes = Readonly<Record<string, string | number | undefined>>;

/**
 * The element at a path, made with its containers where the domain has none; every path that was made is written down,
 * with a slash at its end: others may put something in there, too.
 * @param attributes of a container or element that has to be made, by name.
 */
export function ensure(
  domain: XmlElement,
  made: string[],
  path: readonly string[],
  attributes: Readonly<Record<string, Attributes>> = {},
): XmlElement {
  let element = domain;
  path.forEach((name, i) => {
    const found = element.elements(name)[0];
    if (!found) made.push(`${path.slice(0, i + 1).join('/')}/`);
    element = found ?? append(element, [name, attributes[name] ?? {}], i + 1);
  });
  return element;
}

/**
 * Adds elements of one name to a container, unless there are some already: those are somebody else's, and stay.
 */
export function own(domain: XmlElement, made: string[], container: readonly string[], shapes: readonly Shape[]): void {
  const name = shapes[0]?.[0];
  if (name === undefined || childrenAt(domain, [...container, name]).length > 0) return;
  const parent = ensure(domain, made, container);
  for (const shape of shapes) append(parent, shape, container.length + 1);
  made.push([...container, name].join('/'));
}

/** Takes away what was made, contents before containers. A container that got something else since then stays. */
export function disown(domain: XmlElement, made: readonly string[]): void {
  for (const path of made.toReversed()) {
    const isContainer = path.endsWith('/');
    for (const { parent, child } of childrenAt(domain, path.split('/').filter(Boolean))) {
      if (!isContainer || child.elements().length === 0) remove(parent, child);
    }
  }
}
