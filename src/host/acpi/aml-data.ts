import { AML, type AmlCursor, isNameStart } from './aml-bytes.ts';

/** A constant data object. A name inside a package is a reference to another object and has no value of its own. */
export type AmlData = bigint | string | Uint8Array | readonly AmlData[] | { reference: string };

/** No string of a firmware is longer; the bound keeps a table without any NUL from being searched to its end again and again. */
const MAX_STRING_BYTES = 0x1000;

/** Packages nest two deep in a `_DSD`; the bound keeps hostile bytes from exhausting the stack. */
const MAX_DEPTH = 16;

/**
 * Reads one DataRefObject (ACPI 6.5, 20.2.3).
 * @returns null where the bytes are code (a method call, an operator) instead of data, or end too early.
 */
export function readAmlData(cursor: AmlCursor, depth = 0): AmlData | null {
  const opcode = cursor.peek();
  if (opcode === null || depth > MAX_DEPTH) return null;
  if (isNameStart(opcode)) return readReference(cursor);
  cursor.byte();
  switch (opcode) {
    case AML.string:
      return readString(cursor);
    case AML.buffer:
      return readBuffer(cursor, depth);
    case AML.package:
      return readPackage(cursor, depth, (body) => body.byte());
    case AML.varPackage:
      return readPackage(cursor, depth, (body) => readAmlData(body, depth + 1));
    default:
      return readInteger(cursor, opcode);
  }
}

/**
 * Steps over the address or length of an operation region: a constant integer, or a name that stands for one. What is no
 * such thing is not looked into: a package could reach to the end of the table, again and again.
 * @returns false where there is none.
 */
export function skipIntegerTerm(cursor: AmlCursor): boolean {
  const opcode = cursor.peek();
  if (opcode === null) return false;
  if (isNameStart(opcode)) return cursor.nameString() !== null;
  cursor.byte();
  return readInteger(cursor, opcode) !== null;
}

function readInteger(cursor: AmlCursor, opcode: number): bigint | null {
  switch (opcode) {
    case AML.zero:
      return 0n;
    case AML.one:
      return 1n;
    case AML.ones:
      return 0xffff_ffff_ffff_ffffn;
    case AML.byte:
      return cursor.integer(1);
    case AML.word:
      return cursor.integer(2);
    case AML.dword:
      return cursor.integer(4);
    case AML.qword:
      return cursor.integer(8);
    default:
      return null;
  }
}

function readReference(cursor: AmlCursor): AmlData | null {
  const name = cursor.nameString();
  return name && { reference: name.segments.join('.') };
}

function readString(cursor: AmlCursor): string | null {
  const bytes = cursor.takeUntil(0, MAX_STRING_BYTES);
  return bytes && Buffer.from(bytes).toString('latin1');
}

/** The size may be more than what is written: the rest is zero, and of no interest. */
function readBuffer(cursor: AmlCursor, depth: number): AmlData | null {
  const body = cursor.packageBody();
  const sizeBytes = body && readAmlData(body, depth + 1);
  return body && typeof sizeBytes === 'bigint' ? body.take(body.end - body.position) : null;
}

function readPackage(cursor: AmlCursor, depth: number, readCount: (body: AmlCursor) => unknown): AmlData[] | null {
  const body = cursor.packageBody();
  if (body === null || readCount(body) === null) return null;
  const elements: AmlData[] = [];
  while (!body.atEnd) {
    const element = readAmlData(body, depth + 1);
    if (element === null) return null;
    elements.push(element);
  }
  return elements;
}
