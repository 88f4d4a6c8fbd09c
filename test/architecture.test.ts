import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const SOURCES = join(import.meta.dirname, '../src');
/** From the bottom to the top: a room imports from itself and from those before it. */
const ROOMS = ['host', 'vfio', 'plan', 'checks', 'qemu', 'libvirt', 'guest', 'ui', 'commands'];
/** `import … from`, `export … from` and `import()`, of types too. */
const IMPORT = /^(?:import|export)\s[^;'"]*?from\s+'(?<fixed>\.[^']+)'|import\('(?<lazy>\.[^']+)'\)/gms;

const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const matches = readFileSync(join(SOURCES, file), 'utf8').matchAll(IMPORT);
  return [...matches].map(({ groups }) => join(dirname(file), groups?.fixed ?? groups?.lazy ?? ''));
}

const roomOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : '');
const edges = [...imports].flatMap(([from, names]) => names.map((to) => [from, to] as const));

/** Paths that lead back to a file that is on them. */
function circles(): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}

describe('what imports what', () => {
  test('every import is of a file that is there, and every folder at the top is a room', () => {
    expect(edges.length).toBeGreaterThan(1_000);
    expect(edges.filter(([, to]) => !imports.has(to)).map((edge) => edge.join(' → '))).toEqual([]);
    expect([...new Set(files.map(roomOf))].filter((room) => room !== '').sort()).toEqual(ROOMS.toSorted());
  });

  test('points down', () => {
    const level = (file: string) => ROOMS.indexOf(roomOf(file));
    const up = edges.filter(([from, to]) => level(from) >= 0 && level(to) > level(from));
    expect(up.map((edge) => edge.join(' → '))).toEqual([]);
  });

  test('`ui` is imported by commands alone, and by what starts them', () => {
    const others = edges.filter(([from, to]) => roomOf(to) === 'ui' && !['ui', 'commands', ''].includes(roomOf(from)));
    expect(others.map((edge) => edge.join(' → '))).toEqual([]);
  });

  test('has no circle, not even of types', () => {
    expect(circles()).toEqual([]);
  });
});
