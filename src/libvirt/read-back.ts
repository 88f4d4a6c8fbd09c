import { isSameSize, isSameValue } from './same-value.ts';
import { parseXml, type XmlElement } from './xml.ts';

/** An element, and which namespace each prefix stands for within it. */
interface Scoped {
  element: XmlElement;
  namespaces: ReadonlyMap<string, string>;
}

/** Attributes that are sizes in the unit that stands beside them: of a cell of the guest, and of a huge page. */
const SIZES = ['memory', 'size'];

/**
 * What libvirt did not keep of a domain that it was given, as paths: `domain/devices/hostdev[2]/acpi`, with `@name` behind
 * it for an attribute. What it adds, moves, or writes in another unit or spelling is kept. Positions count from 1, among
 * siblings of one name, and only where there are several.
 * @throws GhpassError `xml.invalid`.
 */
export function droppedBy(given: string, kept: string): string[] {
  const [before, after] = [given, kept].map((text) => scoped(parseXml(text).root, new Map()));
  if (!before || !after) return [];
  return nameOf(before) === nameOf(after) ? compare(before, after, before.element.name) : [before.element.name];
}

function compare(given: Scoped, kept: Scoped, path: string): string[] {
  return [
    ...attributesOf(given.element)
      .filter(([name, value]) => !isKept(given.element, kept.element, name, value))
      .map(([name]) => `${path}@${name}`),
    ...(isTextKept(given.element, kept.element) ? [] : [path]),
    ...compareChildren(given, kept, path),
  ];
}

/**
 * Children of one name are held against each other without regard to their order, because libvirt sorts controllers and adds
 * some between them: first those of which all was kept, then each of the others and what is most like it.
 */
function compareChildren(given: Scoped, kept: Scoped, path: string): string[] {
  const left = new Set(childrenOf(kept));
  const children = childrenOf(given).map((child) => ({
    child,
    path: `${path}/${child.element.name}${positionOf(child.element, given.element)}`,
    lost: null as string[] | null,
  }));
  for (const isWholeOnly of [true, false]) {
    for (const entry of children.filter(({ lost }) => lost === null)) {
      const closest = closestTo(entry.child, [...left], entry.path);
      if (closest === null || (isWholeOnly && closest.lost.length > 0)) continue;
      left.delete(closest.candidate);
      entry.lost = closest.lost;
    }
  }
  return children.flatMap(({ lost, path: own }) => lost ?? [own]);
}

function closestTo(child: Scoped, candidates: readonly Scoped[], path: string) {
  let closest: { candidate: Scoped; lost: string[] } | null = null;
  for (const candidate of candidates) {
    if (nameOf(candidate) !== nameOf(child)) continue;
    const lost = compare(child, candidate, path);
    if (closest === null || lost.length < closest.lost.length) closest = { candidate, lost };
    if (lost.length === 0) break;
  }
  return closest;
}

function isKept(given: XmlElement, kept: XmlElement, name: string, value: string): boolean {
  const other = kept.attribute(name);
  // A unit is part of the value beside it.
  if (name === 'unit') return true;
  if (other === undefined) return false;
  if (SIZES.includes(name) && haveUnit(given, kept)) return isSameSize(sizeOf(given, value), sizeOf(kept, other));
  // An alias: `virt` is the newest virt-MAJOR.MINOR of QEMU.
  if (name === 'machine' && other.startsWith(`${value}-`)) return true;
  return isSameValue(value, other);
}

function isTextKept(given: XmlElement, kept: XmlElement): boolean {
  if (given.elements().length > 0 || given.text === '') return true;
  if (haveUnit(given, kept)) return isSameSize(sizeOf(given, given.text), sizeOf(kept, kept.text));
  return isSameValue(given.text, kept.text);
}

function haveUnit(...elements: XmlElement[]): boolean {
  return elements.some((element) => element.attribute('unit') !== undefined);
}

function sizeOf(element: XmlElement, value: string): { value: string; unit: string | undefined } {
  return { value, unit: element.attribute('unit') };
}

/** All but the declarations of namespaces. */
function attributesOf(element: XmlElement): [string, string][] {
  return [...element.attributes].filter(([name]) => name !== 'xmlns' && !name.startsWith('xmlns:'));
}

function childrenOf({ element, namespaces }: Scoped): Scoped[] {
  return element.elements().map((child) => scoped(child, namespaces));
}

function scoped(element: XmlElement, outer: ReadonlyMap<string, string>): Scoped {
  const declared = [...element.attributes].flatMap(([name, value]) => {
    const prefix = /^xmlns(?::(.+))?$/.exec(name);
    return prefix ? [[prefix[1] ?? '', value] as const] : [];
  });
  return { element, namespaces: declared.length === 0 ? outer : new Map([...outer, ...declared]) };
}

/** The name with its namespace in the place of the prefix, which is anybody's choice. */
function nameOf({ element: { name }, namespaces }: Scoped): string {
  const [, prefix = '', local = name] = /^(?:([^:]+):)?(.+)$/.exec(name) ?? [];
  return `{${namespaces.get(prefix) ?? prefix}}${local}`;
}

function positionOf(child: XmlElement, parent: XmlElement): string {
  const siblings = parent.elements(child.name);
  return siblings.length > 1 ? `[${siblings.indexOf(child) + 1}]` : '';
}
