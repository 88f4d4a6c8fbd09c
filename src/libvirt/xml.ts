import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { GhpassError } from '../errors.ts';

/** What stands in a document as it was written: text between tags, comments, CDATA, processing instructions. */
export type XmlNode = XmlElement | string;

/** The tags of an element as they were written, as long as they are still true. */
interface Written {
  open: string;
  close: string;
}

/** An element of a document that is edited in place: what is not touched is written as it was read, byte for byte. */
export class XmlElement {
  readonly children: XmlNode[] = [];
  private written: Written | null = null;

  private constructor(
    readonly name: string,
    private readonly values: Map<string, string>,
  ) {}

  /** A new element. @param attributes their plain values; undefined leaves one out. */
  static make(name: string, attributes: Readonly<Record<string, string | number | undefined>> = {}): XmlElement {
    const given = Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, `${value}`]],
    );
    return new XmlElement(name, new Map(given as [string, string][]));
  }

  /** An element that was read. */
  static read(name: string, attributes: Map<string, string>, written: Written): XmlElement {
    const element = new XmlElement(name, attributes);
    element.written = written;
    return element;
  }

  /** Plain values by name, prefixes included, in the order of the document. */
  get attributes(): ReadonlyMap<string, string> {
    return this.values;
  }

  attribute(name: string): string | undefined {
    return this.values.get(name);
  }

  /** Sets an attribute, or takes it away where the value is undefined. */
  setAttribute(name: string, value: string | undefined): void {
    if (this.values.get(name) === value) return;
    if (value === undefined) this.values.delete(name);
    else this.values.set(name, value);
    this.written = null;
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
  get text(): string {
    return this.children
      .map((node) => (node instanceof XmlElement ? '' : plainText(node)))
      .join('')
      .trim();
  }

  setText(text: string): void {
    this.children.splice(0, this.children.length, escapeText(text));
  }

  /** Takes everything out of it; it is written as `<name/>` then. */
  empty(): void {
    this.children.splice(0);
    this.written = null;
  }

  serialize(): string {
    const inner = this.children.map((node) => (node instanceof XmlElement ? node.serialize() : node)).join('');
    const { open, close } = this.written ?? this.tags();
    const isClosed = open.endsWith('/>');
    if (inner === '') return isClosed || this.written ? `${open}${close}` : `${open.slice(0, -1)}/>`;
    return isClosed ? `${open.slice(0, -2).trimEnd()}>${inner}</${this.name}>` : `${open}${inner}${close}`;
  }

  private tags(): Written {
    const written = [...this.values].map(([key, value]) => ` ${key}='${escapeAttribute(value)}'`).join('');
    return { open: `<${this.name}${written}>`, close: `</${this.name}>` };
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

/** A node of fast-xml-parser in ordered mode: one key that is its name, `:@` for its attributes. */
type OrderedNode = Record<string, OrderedNode[] | string> & { ':@'?: Record<string, string> };

const TEXT = '#text';
const COMMENT = '#comment';
const CDATA = '#cdata';
const START_TAG = /<(?:"[^"]*"|'[^']*'|[^'">])*>/y;

/**
 * Reads a document so that everything in it keeps its place and its spelling.
 * @throws GhpassError `xml.invalid` with line and column; a document type is refused, since entities come with it.
 */
export function parseXml(text: string): XmlDocument {
  const validity = XMLValidator.validate(text);
  if (validity !== true) throw invalid(`${validity.err.msg} (line ${validity.err.line}, column ${validity.err.col})`);
  if (/<!DOCTYPE/i.test(text)) throw invalid('it has a document type');
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    commentPropName: COMMENT,
    cdataPropName: CDATA,
    trimValues: false,
    processEntities: false,
    parseTagValue: false,
    parseAttributeValue: false,
    captureMetaData: true,
  });
  const nodes = parser.parse(text) as OrderedNode[];
  const tops = nodes.filter((node) => isElementName(nameOf(node)));
  const [top] = tops;
  if (top === undefined || tops.length > 1) throw invalid('it has not exactly one root element');
  const { startIndex, endIndex } = placeOf(top);
  return new XmlDocument(readElement(top, text), text.slice(0, startIndex), text.slice(endIndex));
}

function readElement(node: OrderedNode, text: string): XmlElement {
  const name = nameOf(node);
  const { startIndex, endIndex } = placeOf(node);
  START_TAG.lastIndex = startIndex;
  const open = START_TAG.exec(text)?.[0] ?? '';
  const close = open.endsWith('/>') ? '' : text.slice(text.lastIndexOf('</', endIndex), endIndex);
  const attributes = Object.entries(node[':@'] ?? {}).map(([key, value]) => [key, resolveEntities(value)] as const);
  const element = XmlElement.read(name, new Map(attributes), { open, close });
  for (const child of node[name] as OrderedNode[]) element.children.push(readNode(child, text));
  return element;
}

function readNode(node: OrderedNode, text: string): XmlNode {
  const name = nameOf(node);
  if (isElementName(name)) return readElement(node, text);
  const content = node[name];
  if (name === TEXT) return content as string;
  const inner = ((content as OrderedNode[])[0]?.[TEXT] as string | undefined) ?? '';
  if (name === COMMENT) return `<!--${inner}-->`;
  if (name === CDATA) return `<![CDATA[${inner}]]>`;
  const { startIndex, endIndex } = placeOf(node);
  return text.slice(startIndex, endIndex);
}

function nameOf(node: OrderedNode): string {
  return Object.keys(node).find((key) => key !== ':@') ?? '';
}

function isElementName(name: string): boolean {
  return !name.startsWith('#') && !name.startsWith('?');
}

function placeOf(node: OrderedNode): { startIndex: number; endIndex: number } {
  const place = (node as Record<symbol, { startIndex: number; endIndex: number }>)[
    XMLParser.getMetaDataSymbol() as never
  ];
  return place ?? { startIndex: 0, endIndex: 0 };
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

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** White space other than the blank would come back as a blank (XML 1.0, 3.3.3). */
function escapeAttribute(text: string): string {
  return escapeText(text)
    .replaceAll("'", '&apos;')
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function invalid(why: string): GhpassError {
  return new GhpassError('usage', {
    code: 'xml.invalid',
    message: `the domain is no XML that can be edited: ${why}`,
    suggestions: ['virsh dumpxml --inactive NAME > domain.xml'],
  });
}
