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

/** The bytes are not the construct that was asked for, or end inside it. */
export class AmlError extends Error {
  override readonly name = 'AmlError';
}

/** Reads AML from one place on; never past `end`. Every read moves the position, or throws {@link AmlError}. */
export class AmlCursor {
  constructor(
    readonly bytes: Uint8Array,
    public position: number,
    readonly end: number,
  ) {}

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  peek(offset = 0): number {
    const at = this.position + offset;
    return at < this.end ? (this.bytes[at] ?? -1) : -1;
  }

  byte(): number {
    const value = this.peek();
    if (value < 0) throw new AmlError(`ends at byte ${this.end}`);
    this.position += 1;
    return value;
  }

  /** Little-endian integer of `width` bytes. */
  integer(width: number): bigint {
    let value = 0n;
    for (let i = 0; i < width; i += 1) value |= BigInt(this.byte()) << BigInt(8 * i);
    return value;
  }

  take(length: number): Uint8Array {
    if (length < 0 || this.position + length > this.end) throw new AmlError(`ends at byte ${this.end}`);
    const slice = this.bytes.subarray(this.position, this.position + length);
    this.position += length;
    return slice;
  }

  /** How many bytes lie before the next `value`; null where it is not among the next `withinBytes`. */
  distanceTo(value: number, withinBytes: number): number | null {
    const distance = this.bytes.subarray(this.position, Math.min(this.end, this.position + withinBytes)).indexOf(value);
    return distance < 0 ? null : distance;
  }

  /**
   * PkgLength (ACPI 6.5, 20.2.4): the top two bits of the first byte count the bytes that follow.
   * @returns a cursor over the rest of the package; this cursor moves past it.
   */
  packageBody(): AmlCursor {
    const start = this.position;
    const lead = this.byte();
    const following = lead >> 6;
    let length = following === 0 ? lead & 0x3f : lead & 0x0f;
    for (let i = 0; i < following; i += 1) length |= this.byte() << (4 + 8 * i);
    const end = start + length;
    if (end < this.position || end > this.end)
      throw new AmlError(`package of ${length} bytes at ${start} does not fit`);
    const body = new AmlCursor(this.bytes, this.position, end);
    this.position = end;
    return body;
  }

  /**
   * NameString (ACPI 6.5, 20.2.2).
   * @returns how many `^` it starts with, whether it starts at the root, and its four-character segments.
   */
  nameString(): AmlName {
    const absolute = this.peek() === 0x5c;
    if (absolute) this.position += 1;
    let parents = 0;
    while (!absolute && this.peek() === 0x5e) {
      this.position += 1;
      parents += 1;
    }
    const segments: string[] = [];
    for (let left = this.segmentCount(); left > 0; left -= 1) segments.push(this.segment());
    return { absolute, parents, segments };
  }

  private segmentCount(): number {
    switch (this.peek()) {
      case 0x00:
        this.position += 1;
        return 0;
      case 0x2e:
        this.position += 1;
        return 2;
      case 0x2f:
        this.position += 1;
        return this.byte();
      default:
        return 1;
    }
  }

  private segment(): string {
    const text = String.fromCharCode(...this.take(4));
    if (!/^[A-Z_][A-Z0-9_]{3}$/.test(text)) throw new AmlError(`no name at byte ${this.position - 4}`);
    return text;
  }
}

export interface AmlName {
  absolute: boolean;
  parents: number;
  segments: readonly string[];
}
