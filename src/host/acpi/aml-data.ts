import { AML, type AmlCursor, AmlError } from './aml-bytes.ts';

/** A constant data object. A name inside a package is a reference to another object and has no value of its own. */
export type AmlData = bigint | string | Uint8Array | readonly AmlData[] | { reference: string };

/** No string of a firmware is longer; the bound keeps a table without any NUL from being searched to its end again and again. */
const MAX_STRING_BYTES = 0x10000;

/** Packages nest two deep in a `_DSD`; the bound keeps hostile bytes from exhausting the stack. */
const MAX_DEPTH = 16;

/**
 * Reads one DataRefObject (ACPI 6.5, 20.2.3).
 * @throws AmlError where the bytes are code (a method call, an operator) instead of data.
 */
export function readAmlData(cursor: AmlCursor, depth = 0): AmlData {
  if (depth > MAX_DEPTH) throw new AmlError(`data nested deeper than ${MAX_DEPTH}`);
  const opcode = cursor.peek();
  if (isNameStart(opcode)) return { reference: cursor.nameString().segments.join('.') };
  cursor.byte();
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
    case AML.string:
      return readString(cursor);
    case AML.buffer: {
      const body = cursor.packageBody();
      const sizeBytes = readAmlData(body, depth + 1);
      if (typeof sizeBytes !== 'bigint') throw new AmlError('buffer without a constant size');
      return body.take(body.end - body.position);
    }
    case AML.package: {
      const body = cursor.packageBody();
      body.byte();
      return readElements(body, depth);
    }
    case AML.varPackage: {
      const body = cursor.packageBody();
      readAmlData(body, depth + 1);
      return readElements(body, depth);
    }
    default:
      throw new AmlError(`opcode 0x${opcode.toString(16)} is no data`);
  }
}

function readElements(body: AmlCursor, depth: number): AmlData[] {
  const elements: AmlData[] = [];
  while (!body.atEnd) elements.push(readAmlData(body, depth + 1));
  return elements;
}

function readString(cursor: AmlCursor): string {
  const length = cursor.distanceTo(0, MAX_STRING_BYTES);
  if (length === null) throw new AmlError(`string at byte ${cursor.position} does not end`);
  const text = Buffer.from(cursor.take(length)).toString('latin1');
  cursor.byte();
  return text;
}

function isNameStart(opcode: number): boolean {
  return (opcode >= 0x41 && opcode <= 0x5a) || [0x5c, 0x5e, 0x5f, 0x2e, 0x2f].includes(opcode);
}
