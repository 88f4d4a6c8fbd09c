import { type Material, mutateBytes } from './mutate-bytes.ts';
import type { Random } from './random.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Somewhere in a document: what holds the value, and the key or position under which it does. */
interface Place {
  holder: Json[] | { [key: string]: Json };
  key: string | number;
}

const VALUES: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e300,
  2 ** 32,
  2 ** 53,
  '',
  '0',
  'x',
  '\u0000',
  '../../..',
  [],
  {},
  [null],
  [[]],
];
const KEYS = ['__proto__', 'constructor', 'toString', 'length', ''];

/**
 * A changed copy of a JSON document: values are replaced, moved, repeated and taken out, and strings changed byte by byte.
 * One in eight, and every input that is no JSON, is changed as bytes.
 */
export function mutateJson(input: Uint8Array, random: Random, material: Material): Uint8Array {
  const document = random.oneIn(8) ? undefined : parse(input);
  if (document === undefined) return mutateBytes(input, random, material);
  const root: Json[] = [document];
  for (let left = 1 + random.below(3); left > 0; left -= 1) change(root, random, material);
  return new Uint8Array(Buffer.from(JSON.stringify(root[0] ?? null)).subarray(0, material.maxBytes));
}

function change(root: Json[], random: Random, material: Material): void {
  const places = placesOf(root);
  const { holder, key } = random.pick(places);
  const value = valueAt(holder, key);
  switch (random.below(8)) {
    case 0:
      put(holder, key, structuredClone(random.pick(VALUES)));
      return;
    case 1:
      put(holder, key, structuredClone(valueAt(...placeOf(random.pick(places)))));
      return;
    case 2:
      take(holder, key);
      return;
    case 3:
      addTo(holder, structuredClone(value), random, material);
      return;
    case 4: {
      const other = material.corpus.length > 0 ? parse(random.pick(material.corpus)) : undefined;
      if (other !== undefined) put(holder, key, valueAt(...placeOf(random.pick(placesOf([other])))));
      return;
    }
    default:
      put(holder, key, changeScalar(value, random, material));
  }
}

/** Texts are changed as the bytes that they stand for. */
function changeScalar(value: Json | undefined, random: Random, material: Material): Json {
  if (typeof value === 'string') {
    return Buffer.from(mutateBytes(Buffer.from(value, 'latin1'), random, material)).toString('latin1');
  }
  if (typeof value === 'number') return random.oneIn(2) ? value + random.below(5) - 2 : random.next();
  if (typeof value === 'boolean') return !value;
  if (material.words.length > 0 && random.oneIn(2)) return Buffer.from(random.pick(material.words)).toString('latin1');
  return structuredClone(random.pick(VALUES));
}

function addTo(holder: Place['holder'], value: Json | undefined, random: Random, { words }: Material): void {
  if (Array.isArray(holder)) {
    holder.splice(random.below(holder.length + 1), 0, value ?? null);
    return;
  }
  const known = Object.keys(holder);
  const made = random.oneIn(2) && words.length > 0 ? Buffer.from(random.pick(words)).toString('latin1') : '';
  const key = random.oneIn(8) ? random.pick(KEYS) : `${random.pick([...known, ''])}${made}`;
  put(holder, key, value ?? null);
}

/** A document's own key `__proto__` is a key like any other. */
function put(holder: Place['holder'], key: string | number, value: Json | undefined): void {
  Object.defineProperty(holder, key, { value: value ?? null, writable: true, enumerable: true, configurable: true });
}

function take(holder: Place['holder'], key: string | number): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

function valueAt(holder: Place['holder'], key: string | number): Json | undefined {
  return Object.getOwnPropertyDescriptor(holder, key)?.value as Json | undefined;
}

function placeOf({ holder, key }: Place): [Place['holder'], string | number] {
  return [holder, key];
}

function placesOf(root: Json[]): Place[] {
  const places: Place[] = [];
  const pending: Place['holder'][] = [root];
  for (let holder = pending.pop(); holder !== undefined; holder = pending.pop()) {
    const keys = Array.isArray(holder) ? holder.keys() : Object.keys(holder);
    for (const key of keys) {
      places.push({ holder, key });
      const value = valueAt(holder, key);
      if (typeof value === 'object' && value !== null) pending.push(value);
    }
  }
  return places.length > 0 ? places : [{ holder: root, key: 0 }];
}

function parse(input: Uint8Array): Json | undefined {
  try {
    return JSON.parse(Buffer.from(input).toString()) as Json;
  } catch {
    return undefined;
  }
}
