import { AML, AmlCursor, AmlError, type AmlName, EXTENDED_AML } from './aml-bytes.ts';
import { type AmlData, readAmlData } from './aml-data.ts';

/** Definition-block header before the first term (ACPI 6.5, table 5.4). */
const TABLE_HEADER_BYTES = 36;

/**
 * Scopes nest as deep as the device tree of the board, and a path is as long; the bound keeps hostile bytes from exhausting
 * the stack, or from making each name cost thousands of segments.
 */
const MAX_DEPTH = 64;

/**
 * The values of all `Name (<leaf>, …)` objects of one table, with the full path of the object that they belong to.
 *
 * Only names are of interest, so only Scope and Device are entered. Other objects are stepped over as a whole: their bytes
 * are data or code, and what looks like a scope there is none. What is left between (operators, conditions) is passed byte
 * by byte until the next construct that is complete and correctly named.
 * A value computed by code is not seen; NVIDIA's firmware writes constants.
 * Takes time in proportion to the table, whatever its bytes are: no byte is read again once a package around it was.
 * @param table a raw DSDT or SSDT, header included.
 * @param leaf the four-character name to look for, for example `_DSD`.
 */
export function readNamedObjects(table: Uint8Array, leaf: string): { path: string; value: AmlData }[] {
  const found: { path: string; value: AmlData }[] = [];
  walk(new AmlCursor(table, Math.min(TABLE_HEADER_BYTES, table.length), table.length), [], 0, {
    leaf,
    found: (scope, value) => found.push({ path: formatPath(scope), value }),
  });
  return found;
}

interface Search {
  leaf: string;
  found(scope: readonly string[], value: AmlData): void;
}

function walk(cursor: AmlCursor, scope: readonly string[], depth: number, search: Search): void {
  while (!cursor.atEnd) {
    const start = cursor.position;
    try {
      if (!walkTerm(cursor, scope, depth, search)) cursor.position = start + 1;
    } catch (error) {
      if (!(error instanceof AmlError)) throw error;
      cursor.position = start + 1;
    }
  }
}

/** @returns whether a whole construct was read; if not, the caller goes on at the next byte. */
function walkTerm(cursor: AmlCursor, scope: readonly string[], depth: number, search: Search): boolean {
  switch (cursor.byte()) {
    case AML.scope:
      enter(cursor.packageBody(), scope, depth, search);
      return true;
    case AML.method:
      cursor.packageBody().nameString();
      return true;
    case AML.external:
      cursor.nameString();
      cursor.take(2);
      return true;
    case AML.name:
      readName(cursor, scope, search);
      return true;
    case AML.extended:
      return walkExtended(cursor, scope, depth, search);
    default:
      return false;
  }
}

function walkExtended(cursor: AmlCursor, scope: readonly string[], depth: number, search: Search): boolean {
  switch (cursor.byte()) {
    case EXTENDED_AML.device:
      enter(cursor.packageBody(), scope, depth, search);
      return true;
    case EXTENDED_AML.mutex:
      cursor.nameString();
      cursor.byte();
      return true;
    case EXTENDED_AML.event:
      cursor.nameString();
      return true;
    case EXTENDED_AML.operationRegion:
      cursor.nameString();
      cursor.byte();
      readAmlData(cursor);
      readAmlData(cursor);
      return true;
    case EXTENDED_AML.field:
    case EXTENDED_AML.indexField:
    case EXTENDED_AML.bankField:
    case EXTENDED_AML.processor:
    case EXTENDED_AML.powerResource:
    case EXTENDED_AML.thermalZone:
      cursor.packageBody().nameString();
      return true;
    default:
      return false;
  }
}

function enter(body: AmlCursor, scope: readonly string[], depth: number, search: Search): void {
  const inner = resolve(scope, body.nameString());
  if (depth < MAX_DEPTH) walk(body, inner, depth + 1, search);
}

function readName(cursor: AmlCursor, scope: readonly string[], search: Search): void {
  const name = cursor.nameString();
  if (name.segments.length === 0) throw new AmlError(`name without a segment at byte ${cursor.position}`);
  const value = readValue(cursor);
  if (value !== null && name.segments.at(-1) === search.leaf) search.found(resolve(scope, name).slice(0, -1), value);
}

/** @returns null for a package or buffer that is no constant: the cursor is behind it, for it holds nothing but data. */
function readValue(cursor: AmlCursor): AmlData | null {
  const isPackaged = [AML.buffer, AML.package, AML.varPackage].some((opcode) => opcode === cursor.peek());
  if (!isPackaged) return readAmlData(cursor);
  const { end } = new AmlCursor(cursor.bytes, cursor.position + 1, cursor.end).packageBody();
  try {
    return readAmlData(cursor);
  } catch (error) {
    if (!(error instanceof AmlError)) throw error;
    cursor.position = end;
    return null;
  }
}

function resolve(scope: readonly string[], name: AmlName): string[] {
  const base = name.absolute ? [] : scope.slice(0, Math.max(0, scope.length - name.parents));
  if (base.length + name.segments.length > MAX_DEPTH) throw new AmlError('path is too long');
  return [...base, ...name.segments];
}

/** As the kernel writes `firmware_node/path`: `\_SB_.PCI9.RP00.GPU0`. */
function formatPath(segments: readonly string[]): string {
  return `\\${segments.join('.')}`;
}
