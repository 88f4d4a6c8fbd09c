import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GhpassError } from '../errors.ts';
import { packageRoot } from '../host/programs/package-root.ts';
import type { Catalogue, CatalogueEntry } from './catalogue.ts';
import { LAYOUTS, type Layout } from './layout.ts';

/** The catalogue of a site, which knows products that ghpass does not, or calls them otherwise. */
const SITE_CATALOGUE = '/etc/ghpass/gpus.json';

/**
 * The catalogue that ships with ghpass, and before it the file that the user named, else that of the site where there is one.
 * @throws GhpassError `catalogue.unreadable`, and `catalogue.invalid` with the file, the entry and the field.
 */
export function readCatalogue(named: string | null, site: string = SITE_CATALOGUE): Catalogue {
  const shipped = parseCatalogue(join(packageRoot(), 'templates', 'gpus.json'));
  if (named !== null) return [parseCatalogue(named), shipped];
  return readCatalogueText(site, 'may be missing') === null ? [shipped] : [parseCatalogue(site), shipped];
}

function parseCatalogue(path: string): CatalogueEntry[] {
  const text = readCatalogueText(path, 'has to be there') ?? '';
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch (error) {
    throw invalid(path, `no JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(entries)) throw invalid(path, 'a list of entries is expected, [{"device": …, "name": …}, …]');
  return entries.map((entry, i) => parseEntry(entry, `entry ${i + 1}`, path));
}

/** @returns null where the file is missing and may be. */
function readCatalogueText(path: string, presence: 'may be missing' | 'has to be there'): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
    if (errno === 'ENOENT' && presence === 'may be missing') return null;
    throw new GhpassError(errno === 'EACCES' ? 'permission' : 'usage', {
      code: 'catalogue.unreadable',
      message: `${path}: the GPU catalogue cannot be read: ${errno}`,
      suggestions: ['ghpass probe   # without --catalogue: the catalogue that ships with ghpass'],
      cause: error,
    });
  }
}

type Field = keyof typeof FIELDS;

/** Each field of an entry: how its value is read, and what it should have been; undefined is no such value. */
const FIELDS = {
  device: { read: ids, expected: 'vendor and device id, as in "10de:2342"' },
  subsystem: { read: optional(ids), expected: 'vendor and device id of the subsystem, or null for any' },
  name: { read: text, expected: 'a text that is not empty' },
  kernelName: { read: optional(text), expected: 'a text that is not empty, or null' },
  layouts: { read: optional(layouts), expected: `a list of layouts, out of ${LAYOUTS.join(', ')}` },
  memory: { read: optional(bytes), expected: 'a whole number of bytes' },
} as const;

function parseEntry(value: unknown, where: string, path: string): CatalogueEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(path, `${where} is ${JSON.stringify(value)}; {"device": …, "name": …} is expected`);
  }
  const entry = value as Record<string, unknown>;
  const unknown = Object.keys(entry).find((key) => !Object.hasOwn(FIELDS, key));
  if (unknown !== undefined) {
    throw invalid(path, `${where}, field "${unknown}": no such field; there are ${Object.keys(FIELDS).join(', ')}`);
  }
  const read = <F extends Field>(field: F) => {
    const result = FIELDS[field].read(entry[field]) as ReturnType<(typeof FIELDS)[F]['read']>;
    if (result !== undefined) return result as Exclude<typeof result, undefined>;
    const found = entry[field] === undefined ? 'is missing' : `is ${JSON.stringify(entry[field])}`;
    throw invalid(path, `${where}, field "${field}" ${found}; expected: ${FIELDS[field].expected}`);
  };
  return {
    device: read('device'),
    subsystem: read('subsystem'),
    name: read('name'),
    kernelName: read('kernelName'),
    layouts: read('layouts'),
    memoryBytes: read('memory'),
  };
}

function optional<T>(read: (value: unknown) => T | undefined): (value: unknown) => T | null | undefined {
  return (value) => (value === undefined || value === null ? null : read(value));
}

function ids(value: unknown): string | undefined {
  return typeof value === 'string' && /^[0-9a-f]{4}:[0-9a-f]{4}$/i.test(value) ? value.toLowerCase() : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function layouts(value: unknown): Layout[] | undefined {
  const isList = Array.isArray(value) && value.length > 0 && value.every((layout) => LAYOUTS.includes(layout));
  return isList ? (value as Layout[]) : undefined;
}

function bytes(value: unknown): bigint | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? BigInt(value as number) : undefined;
}

function invalid(path: string, what: string): GhpassError {
  return new GhpassError('usage', {
    code: 'catalogue.invalid',
    message: `${path}: the GPU catalogue is malformed: ${what}`,
    suggestions: ['correct the file; templates/gpus.json of the package is one that is right'],
  });
}
