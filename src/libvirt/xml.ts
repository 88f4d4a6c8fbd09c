import { XMLValidator } from 'fast-xml-parser';
import { GhpassError } from '../errors.ts';

/** What stands in a document as it was written: text between tags, comments, CDATA, processing instructions. */
export type XmlNode = XmlElement | string;

/** An element of a document that is edited in place: what is not touched is written as it was read, byte for byte. */
export class XmlElement {
  readonly children: XmlNode[] = [];
  /** The tags as they were written; `close` is empty where the start tag ends the element itself. */
  private open: string;
  private close = '';

  private constructor(
    readonly name: string,
    private readonly values: Map<string, string>,
    open: string,
  ) {
    this.open = open;
  }

  /** A new element. @param attributes their plain values; undefined leaves one out. */
  static make(name: string, attributes: Readonly<Record<string, string | number | undefined>> = {}): XmlElement {
    const element = new XmlElement(name, new Map(), `<${name}/>`);
    for (const [key, value] of Object.entries(attributes)) {
      element.setAttribute(key, value === undefined ? undefined : `${value}`);
    }
    return element;
  }

  /** The element of a start tag. */
  static read(open: string): XmlElement {
    const name = /^<([^\s/>]+)/.exec(open)?.[1] ?? '';
    const attributes = [...open.slice(name.length + 1).matchAll(ATTRIBUTE)].map(
      ([, key, double, single]) => [key ?? '', resolveEntities(double ?? single ?? '')] as const,
    );
    return new XmlElement(name, new Map(attributes), open);
  }

  /** Gives an element that was read its end tag. */
  closeWith(close: string): void {
    this.close = close;
  }

  /** Plain values by name, prefixes included, in the order of the document. */
  get attributes(): ReadonlyMap<string, string> {
    return this.values;
  }

  attribute(name: string): string | undefined {
    return this.values.get(name);
  }

  /** Sets an attribute, or takes it away where the value is undefined; the rest of the tag stays as it was written. */
  setAttribute(name: string, value: string | undefined): void {
    const before = this.values.get(name);
    if (before === value) return;
    if (value === undefined) this.values.delete(name);
    else this.values.set(name, value);
    if (before === undefined) {
      this.open = this.open.replace(/(?=\s*\/?>$)/, () => ` ${name}='${escapeAttribute(value ?? '')}'`);
      return;
    }
    const written = new RegExp(`(\\s+${name}\\s*=\\s*)(?:(")[^"]*"|(')[^']*')`);
    this.open = this.open.replace(written, (_, start, double = '', single = '') => {
      const quote = double || single;
      return value === undefined ? '' : `${start}${quote}${escapeAttribute(value)}${quote}`;
    });
  }

  /** Child elements, of one name if one is given. */
  elements(name?: string): XmlElement[] {
    return this.children.filter(
      (node): node is XmlElement => node instanceof XmlElement && (name === undefined || node.name === name),
    );
  }

  /** The first child element on the way down; undefined where one is missing. */
  find(...path: string[]): XmlElement | undefined {
    return path.reduce<XmlElement | undefined>((element, name) => element?.elements(name)[0], this);
  }

  /** The text in the element, entities resolved, comments left out. */
  get content(): string {
    return this.children.map((node) => (node instanceof XmlElement ? '' : plainText(node))).join('');
  }

  /** As {@link XmlElement.content}, of an element in which white space at the ends says nothing. */
  get text(): string {
    return this.content.trim();
  }

  setText(text: string): void {
    this.children.splice(0, this.children.length, escapeText(text));
  }

  /** Whether it is written as one tag, `<name/>`, as long as nothing is in it. */
  get isOneTag(): boolean {
    return this.open.endsWith('/>');
  }

  /** Takes everything out of it, so that it is written as `<name/>`. */
  empty(): void {
    this.children.splice(0);
    if (!this.isOneTag) this.open = `${this.open.slice(0, -1)}/>`;
    this.close = '';
  }

  serialize(): string {
    const inner = this.children.map((node) => (node instanceof XmlElement ? node.serialize() : node)).join('');
    if (inner === '' || !this.isOneTag) return `${this.open}${inner}${this.close}`;
    return `${this.open.slice(0, -2)}>${inner}</${this.name}>`;
  }
}

/** A whole document: its root element, and what stands before and behind it. */
export class XmlDocument {
  constructor(
    readonly root: XmlElement,
    private readonly before: string,
    private readonly behind: string,
  ) {}

  serialize(): string {
    return `${this.before}${this.root.serialize()}${this.behind}`;
  }
}

/** Comment, CDATA, processing instruction, end tag, start tag, text: each as far as it goes. */
const TOKEN = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<\/[^>]*>|<(?:"[^"]*"|'[^']*'|[^'">])*>|[^<]+/gy;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/**
 * Reads a document so that everything in it keeps its place and its spelling.
 * @throws GhpassError `xml.invalid` with line and column; a document type is refused, since entities come with it.
 */
export function parseXml(text: string): XmlDocument {
  const validity = XMLValidator.validate(text);
  if (validity !== true) throw invalid(whyInvalid(text, validity.err));
  const open: XmlElement[] = [];
  const top: XmlNode[] = [];
  let length = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    length += token.length;
    const siblings = open.at(-1)?.children ?? top;
    if (/^<!doctype/i.test(token)) throw invalid('it has a document type');
    if (token.startsWith('</')) open.pop()?.closeWith(token);
    else if (/^<[^!?]/.test(token)) {
      const element = XmlElement.read(token);
      siblings.push(element);
      if (!token.endsWith('/>')) open.push(element);
    } else siblings.push(token);
  }
  if (length < text.length || open.length > 0) throw invalid(`a tag is not closed (after ${length} characters)`);
  const [root, ...others] = top.filter((node) => node instanceof XmlElement);
  if (root === undefined || others.length > 0) throw invalid('it has not exactly one root element');
  const position = top.indexOf(root);
  return new XmlDocument(root, top.slice(0, position).join(''), top.slice(position + 1).join(''));
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function resolveEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function plainText(node: string): string {
  if (node.startsWith('<![CDATA[')) return node.slice(9, -3);
  return node.startsWith('<!--') || node.startsWith('<?') ? '' : resolveEntities(node);
}

/** A carriage return would come back as a line feed (XML 1.0, 2.11). */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
}

/** White space other than the blank would come back as a blank (XML 1.0, 3.3.3). */
function escapeAttribute(text: string): string {
  return escapeText(text)
    .replaceAll("'", '&apos;')
    .replaceAll('"', '&quot;')
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The validator counts no columns in a document that has none. */
function whyInvalid(text: string, { msg, line, col }: { msg: string; line: number; col: number }): string {
  if (text.trim() === '') return 'it is empty';
  return `${msg} (line ${line}${col === undefined ? '' : `, column ${col}`})`;
}

function invalid(why: string): GhpassError {
  return new GhpassError('usage', {
    code: 'xml.invalid',
    message: `the domain is no XML that can be edited: ${why}`,
    suggestions: ['virsh dumpxml --inactive NAME > domain.xml'],
  });
}
