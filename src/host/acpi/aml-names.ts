import { AML, AmlCursor, type AmlName, EXTENDED_AML } from './aml-bytes.ts';
import { type AmlData, readAmlData, skipIntegerTerm } from './aml-data.ts';

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
 * by byte until the next construct that is complete and correctly named. Both branches of a condition are so looked into,
 * for nobody evaluates it.
 * A value computed by code is not seen, nor one that stands behind a name; NVIDIA's firmware writes constants. A scope that
 * is named by one segment is looked for in the scope around it, and not further up as the kernel does.
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
    if (!walkTerm(cursor, scope, depth, search)) cursor.position = start + 1;
  }
}

/** @returns whether a whole construct was read; if not, the caller goes on at the next byte. */
function walkTerm(cursor: AmlCursor, scope: readonly string[], depth: number, search: Search): boolean {
  switch (cursor.byte()) {
    case AML.scope:
      return enter(cursor.packageBody(), scope, depth, search);
    case AML.method:
      return isNamed(cursor.packageBody());
    case AML.external:
      return isNamed(cursor) && cursor.take(2) !== null;
    case AML.name:
      return readName(cursor, scope, search);
    case AML.extended:
      return walkExtended(cursor, scope, depth, search);
    default:
      return false;
  }
}

function walkExtended(cursor: AmlCursor, scope: readonly string[], depth: number, search: Search): boolean {
  switch (cursor.byte()) {
    case EXTENDED_AML.device:
      return enter(cursor.packageBody(), scope, depth, search);
    case EXTENDED_AML.mutex:
      return isNamed(cursor) && cursor.byte() !== null;
    case EXTENDED_AML.event:
      return isNamed(cursor);
    case EXTENDED_AML.operationRegion:
      return isNamed(cursor) && cursor.byte() !== null && skipIntegerTerm(cursor) && skipIntegerTerm(cursor);
    case EXTENDED_AML.field:
    case EXTENDED_AML.indexField:
    case EXTENDED_AML.bankField:
    case EXTENDED_AML.processor:
    case EXTENDED_AML.powerResource:
    case EXTENDED_AML.thermalZone:
      return isNamed(cursor.packageBody());
    default:
      return false;
  }
}

function isNamed(cursor: AmlCursor | null): boolean {
  return (cursor?.nameString()?.segments.length ?? 0) > 0;
}

function enter(body: AmlCursor | null, scope: readonly string[], depth: number, search: Search): boolean {
  const name = body?.nameString();
  const inner = name && resolve(scope, name);
  if (!body || !inner) return false;
  if (depth < MAX_DEPTH) walk(body, inner, depth + 1, search);
  return true;
}

function readName(cursor: AmlCursor, scope: readonly string[], search: Search): boolean {
  const name = cursor.nameString();
  if (!name || name.segments.length === 0) return false;
  const isPackaged = [AML.buffer, AML.package, AML.varPackage].some((opcode) => opcode === cursor.peek());
  const packaged = isPackaged ? new AmlCursor(cursor.bytes, cursor.position + 1, cursor.end).packageBody() : null;
  const value = readAmlData(cursor);
  // A package that is no constant still holds nothing but data: it is not searched for objects.
  if (packaged) cursor.position = packaged.end;
  if (value === null) return packaged !== null;
  const path = name.segments.at(-1) === search.leaf ? resolve(scope, name) : null;
  if (path) search.found(path.slice(0, -1), value);
  return true;
}

/** @returns null where the path would be too long to be one. */
function resolve(scope: readonly string[], name: AmlName): string[] | null {
  const base = name.absolute ? [] : scope.slice(0, Math.max(0, scope.length - name.parents));
  return base.length + name.segments.length > MAX_DEPTH ? null : [...base, ...name.segments];
}

/** As the kernel writes `firmware_node/path`: `\_SB_.PCI9.RP00.GPU0`. */
function formatPath(segments: readonly string[]): string {
  return `\\${segments.join('.')}`;
}
