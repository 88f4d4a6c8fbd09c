import { AML, AmlCursor, AmlError, type AmlName } from './aml-bytes.ts';
import { type AmlData, readAmlData } from './aml-data.ts';

/** Definition-block header before the first term (ACPI 6.5, table 5.4). */
const TABLE_HEADER_BYTES = 36;

/** Scopes nest as deep as the device tree of the board; the bound keeps hostile bytes from exhausting the stack. */
const MAX_DEPTH = 64;

/**
 * The values of all `Name (<leaf>, …)` objects of one table, with the full path of the object that they belong to.
 *
 * Only names are of interest, so only Scope and Device are entered and methods are stepped over; what lies between (fields,
 * operators, conditions) is passed byte by byte until the next construct that is complete and correctly named.
 * A value computed by code is not seen; NVIDIA's firmware writes constants.
 * @param table a raw DSDT or SSDT, header included.
 * @param leaf the four-character name to look for, for example `_DSD`.
 */
export function readNamedObjects(table: Uint8Array, leaf: string): { path: string; value: AmlData }[] {
  const found: { path: string; value: AmlData }[] = [];
  walk(new AmlCursor(table, Math.min(TABLE_HEADER_BYTES, table.length), table.length), [], 0, (path, value) => {
    if (path.at(-1) === leaf) found.push({ path: formatPath(path.slice(0, -1)), value });
  });
  return found;
}

type Visit = (path: readonly string[], value: AmlData) => void;

function walk(cursor: AmlCursor, scope: readonly string[], depth: number, visit: Visit): void {
  while (!cursor.atEnd) {
    const start = cursor.position;
    try {
      if (!walkTerm(cursor, scope, depth, visit)) cursor.position = start + 1;
    } catch (error) {
      if (!(error instanceof AmlError)) throw error;
      cursor.position = start + 1;
    }
  }
}

/** @returns whether a whole construct was read; if not, the caller goes on at the next byte. */
function walkTerm(cursor: AmlCursor, scope: readonly string[], depth: number, visit: Visit): boolean {
  const opcode = cursor.byte();
  const isDevice = opcode === AML.extended && cursor.peek() === AML.extendedDevice;
  if (isDevice || opcode === AML.scope) {
    if (isDevice) cursor.byte();
    const body = cursor.packageBody();
    const inner = resolve(scope, body.nameString());
    if (depth < MAX_DEPTH) walk(body, inner, depth + 1, visit);
    return true;
  }
  if (opcode === AML.method) {
    cursor.packageBody().nameString();
    return true;
  }
  if (opcode === AML.name) {
    const path = resolve(scope, cursor.nameString());
    visit(path, readAmlData(cursor));
    return true;
  }
  return false;
}

function resolve(scope: readonly string[], name: AmlName): string[] {
  const base = name.absolute ? [] : scope.slice(0, Math.max(0, scope.length - name.parents));
  return [...base, ...name.segments];
}

/** As the kernel writes `firmware_node/path`: `\_SB_.PCI9.RP00.GPU0`. */
function formatPath(segments: readonly string[]): string {
  return `\\${segments.join('.')}`;
}
