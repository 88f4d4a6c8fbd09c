/** AML opcodes that carry names and constant data (ACPI 6.5, section 20.2). */
export const AML = {
  zero: 0x00,
  one: 0x01,
  alias: 0x06,
  name: 0x08,
  byte: 0x0a,
  word: 0x0b,
  dword: 0x0c,
  string: 0x0d,
  qword: 0x0e,
  scope: 0x10,
  buffer: 0x11,
  package: 0x12,
  varPackage: 0x13,
  method: 0x14,
  external: 0x15,
  extended: 0x5b,
  ones: 0xff,
} as const;

/** Opcodes behind the prefix {@link AML}.extended, of the objects that a scope can hold. */
export const EXTENDED_AML = {
  mutex: 0x01,
  event: 0x02,
  operationRegion: 0x80,
  field: 0x81,
  device: 0x82,
  processor: 0x83,
  powerResource: 0x84,
  thermalZone: 0x85,
  indexField: 0x86,
  bankField: 0x87,
} as const;

/**
 * Reads AML from one place on; never past `end`. A read that finds something else than it looks for gives null and leaves
 * the position anywhere. It does not throw: of the bytes of a table most are no AML at first try, and an exception for each
 * would take minutes per MiB.
 */
export class AmlCursor {
  constructor(
    readonly bytes: Uint8Array,
    public position: number,
    readonly end: number,
  ) {}

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  /** The next byte, or null at the end; the position stays. */
  peek(): number | null {
    return this.position < this.end ? (this.bytes[this.position] ?? null) : null;
  }

  byte(): number | null {
    const value = this.peek();
    if (value !== null) this.position += 1;
    return value;
  }

  /** Little-endian integer of `width` bytes. */
  integer(width: number): bigint | null {
    const bytes = this.take(width);
    return bytes?.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n) ?? null;
  }

  take(length: number): Uint8Array | null {
    if (this.position + length > this.end) return null;
    const slice = this.bytes.subarray(this.position, this.position + length);
    this.position += length;
    return slice;
  }

  /** The bytes before the next `value`, which must be among the next `withinBytes`; the position is then behind it. */
  takeUntil(value: number, withinBytes: number): Uint8Array | null {
    const reach = this.bytes.subarray(this.position, Math.min(this.end, this.position + withinBytes));
    const length = reach.indexOf(value);
    if (length < 0) return null;
    this.position += length + 1;
    return reach.subarray(0, length);
  }

  /**
   * PkgLength (ACPI 6.5, 20.2.4): the top two bits of the first byte count the bytes that follow.
   * @returns a cursor over the rest of the package; this cursor moves past it. Null where the package does not fit.
   */
  packageBody(): AmlCursor | null {
    const start = this.position;
    const lead = this.byte() ?? 0;
    const following = lead >> 6;
    let length = following === 0 ? lead & 0x3f : lead & 0x0f;
    for (let i = 0; i < following; i += 1) length |= (this.byte() ?? 0) << (4 + 8 * i);
    const end = start + length;
    if (length === 0 || end < this.position || end > this.end) return null;
    const body = new AmlCursor(this.bytes, this.position, end);
    this.position = end;
    return body;
  }

  /** NameString (ACPI 6.5, 20.2.2). */
  nameString(): AmlName | null {
    const absolute = this.peek() === ROOT;
    if (absolute) this.position += 1;
    let parents = 0;
    while (!absolute && this.peek() === PARENT) {
      this.position += 1;
      parents += 1;
    }
    const segments: string[] = [];
    for (let left = this.segmentCount(); left > 0; left -= 1) {
      const segment = this.segment();
      if (segment === null) return null;
      segments.push(segment);
    }
    return { absolute, parents, segments };
  }

  private segmentCount(): number {
    switch (this.peek()) {
      case NULL_NAME:
        this.position += 1;
        return 0;
      case DUAL_NAME:
        this.position += 1;
        return 2;
      case MULTI_NAME:
        this.position += 1;
        return this.byte() ?? 1;
      default:
        return 1;
    }
  }

  private segment(): string | null {
    const bytes = this.take(4);
    if (bytes === null || !bytes.every((code, i) => isNameCharacter(code) && (i > 0 || code > NINE))) return null;
    return String.fromCharCode(...bytes);
  }
}

/** How many `^` a name starts with, whether it starts at the root, and its four-character segments. */
export interface AmlName {
  absolute: boolean;
  parents: number;
  segments: readonly string[];
}

const NULL_NAME = 0x00;
const DUAL_NAME = 0x2e;
const MULTI_NAME = 0x2f;
const ROOT = 0x5c;
const PARENT = 0x5e;
const NINE = 0x39;

/** `A` to `Z`, `_`, `0` to `9`. */
function isNameCharacter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || code === 0x5f || (code >= 0x30 && code <= NINE);
}

/** Whether a name can start with this byte: a first character or a prefix, but not the null name. */
export function isNameStart(code: number): boolean {
  const isFirstCharacter = isNameCharacter(code) && code > NINE;
  return isFirstCharacter || [ROOT, PARENT, DUAL_NAME, MULTI_NAME].includes(code);
}
