import type { XmlElement } from './xml.ts';

/** libvirt's way past itself, to QEMU's own options (docs/drvqemu.rst). */
const QEMU_NAMESPACE = 'http://libvirt.org/schemas/domain/qemu/1.0';
const DECLARATION = 'xmlns:qemu';

/** Declares QEMU's namespace where the domain does not. @returns the prefix with its colon. */
export function declareQemu(domain: XmlElement, made: string[]): string {
  const declared = [...domain.attributes].find(([name, uri]) => name.startsWith('xmlns:') && uri === QEMU_NAMESPACE);
  if (declared) return `${declared[0].slice('xmlns:'.length)}:`;
  domain.setAttribute(DECLARATION, QEMU_NAMESPACE);
  made.push(DECLARATION);
  return 'qemu:';
}

/** Takes the declaration away where it was made for ghpass and nothing needs it any more. */
export function undeclareQemu(domain: XmlElement, made: readonly string[]): void {
  if (made.includes(DECLARATION) && !domain.elements().some(({ name }) => name.startsWith('qemu:'))) {
    domain.setAttribute(DECLARATION, undefined);
  }
}

/** Elements of QEMU's namespace in the domain, whatever their prefix, or without one where they declare it themselves. */
export function qemuElements(domain: XmlElement, name: string): XmlElement[] {
  return domain.elements().filter((element) => {
    const prefix = prefixOf(element);
    const declaration = prefix === '' ? 'xmlns' : `xmlns:${prefix.slice(0, -1)}`;
    const uri = element.attribute(declaration) ?? domain.attribute(declaration);
    return element.name === `${prefix}${name}` && uri === QEMU_NAMESPACE;
  });
}

/** The prefix of an element with its colon; empty where it has none. */
export function prefixOf({ name }: XmlElement): string {
  return name.slice(0, name.indexOf(':') + 1);
}
