import type { XmlElement } from './xml.ts';

/** libvirt's way past itself, to QEMU's own options (docs/drvqemu.rst). */
const QEMU_NAMESPACE = 'http://libvirt.org/schemas/domain/qemu/1.0';
const DECLARATION = 'xmlns:qemu';

/** The prefix that a domain has for QEMU's namespace; undefined where it has none. */
export function qemuPrefix(domain: XmlElement): string | undefined {
  const declared = [...domain.attributes].find(([name, uri]) => name.startsWith('xmlns:') && uri === QEMU_NAMESPACE);
  return declared?.[0].slice('xmlns:'.length);
}

/** Declares QEMU's namespace where the domain does not. @returns the prefix. */
export function declareQemu(domain: XmlElement, made: string[]): string {
  const prefix = qemuPrefix(domain);
  if (prefix !== undefined) return prefix;
  domain.setAttribute(DECLARATION, QEMU_NAMESPACE);
  made.push(DECLARATION);
  return 'qemu';
}

/** Takes the declaration away where it was made for ghpass and nothing needs it any more. */
export function undeclareQemu(domain: XmlElement, made: readonly string[]): void {
  if (made.includes(DECLARATION) && !domain.elements().some(({ name }) => name.startsWith('qemu:'))) {
    domain.setAttribute(DECLARATION, undefined);
  }
}
