import type { Random } from './random.ts';

/** What a mutation can draw from beside chance. */
export interface Material {
  /** Other inputs, for parts of them. */
  corpus: readonly Uint8Array[];
  /** Constants of the code that is tested, and words of its format. */
  words: readonly Uint8Array[];
  maxBytes: number;
}

type Mutation = (bytes: Buffer, random: Random, material: Material) => Buffer;

const INTERESTING = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 4096, 0x7fff_ffff, 0xffff_ffff];
const MAX_STACKED = 6;

/** A changed copy of an input: one to a handful of changes, one on top of the other. */
export function mutateBytes(input: Uint8Array, random: Random, material: Material): Uint8Array {
  let bytes: Buffer = Buffer.from(input);
  for (let left = 1 + random.below(MAX_STACKED); left > 0; left -= 1) {
    bytes = random.pick(MUTATIONS)(bytes, random, material);
    if (bytes.length > material.maxBytes) bytes = bytes.subarray(0, material.maxBytes);
  }
  return new Uint8Array(bytes);
}

const MUTATIONS: readonly Mutation[] = [
  inPlace(1, (bytes, at, random) => {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }),
  inPlace(1, (bytes, at, random) => {
    bytes[at] = random.next();
  }),
  inPlace(1, (bytes, at, random) => {
    bytes[at] = (bytes[at] ?? 0) + random.below(33) - 16;
  }),
  inPlace(2, (bytes, at, random) => bytes.writeUInt16LE(interesting(bytes, at, random) & 0xffff, at)),
  inPlace(4, (bytes, at, random) => bytes.writeUInt32LE(interesting(bytes, at, random) >>> 0, at)),
  inPlace(4, (bytes, at, random) => bytes.writeUInt32LE((bytes.readUInt32LE(at) + random.below(33) - 16) >>> 0, at)),
  inPlace(8, (bytes, at, random) => {
    const value = random.oneIn(2) ? 1n << BigInt(random.below(64)) : BigInt(interesting(bytes, at, random) >>> 0);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, random.oneIn(2) ? value : -value), at);
  }),
  remove,
  truncate,
  repeat,
  (bytes, random) => insert(bytes, random.below(bytes.length + 1), randomBytes(random)),
  (bytes, random, { words }) => (words.length === 0 ? bytes : insertOrOverwrite(bytes, random.pick(words), random)),
  (bytes, random, { words }) => (words.length === 0 ? bytes : insertOrOverwrite(bytes, random.pick(words), random)),
  (bytes, random, { corpus }) =>
    corpus.length === 0 ? bytes : insertOrOverwrite(bytes, part(random.pick(corpus), random), random),
  changeNumber,
];

function inPlace(width: number, change: (bytes: Buffer, at: number, random: Random) => void): Mutation {
  return (bytes, random) => {
    if (bytes.length >= width) change(bytes, random.below(bytes.length - width + 1), random);
    return bytes;
  };
}

/** A boundary of some integer, or a length that would fit just so. */
function interesting(bytes: Buffer, at: number, random: Random): number {
  if (random.oneIn(4)) return bytes.length - at + random.below(5) - 2;
  return random.pick(INTERESTING) + random.below(3) - 1;
}

function remove(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(shortLength(bytes, random)))]);
}

function truncate(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, random.below(bytes.length + 1));
}

function repeat(bytes: Buffer, random: Random): Buffer {
  const piece = part(bytes, random);
  const times = random.oneIn(8) ? 1 + random.below(64) : 1;
  return insert(bytes, random.below(bytes.length + 1), Buffer.concat(Array.from({ length: times }, () => piece)));
}

/** In text the digits are what lengths and counts are in binary data. */
function changeNumber(bytes: Buffer, random: Random): Buffer {
  const start = random.below(bytes.length);
  const from = bytes.findIndex((byte, i) => i >= start && isDigit(byte));
  if (from < 0) return bytes;
  let to = from;
  while (isDigit(bytes[to] ?? 0)) to += 1;
  const value = random.oneIn(3)
    ? '9'.repeat(1 + random.below(24))
    : `${random.oneIn(2) ? random.pick(INTERESTING) : random.below(100)}`;
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(value), bytes.subarray(to)]);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function insertOrOverwrite(bytes: Buffer, piece: Uint8Array, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  if (random.oneIn(2) || at + piece.length > bytes.length) return insert(bytes, at, piece);
  bytes.set(piece, at);
  return bytes;
}

function insert(bytes: Buffer, at: number, piece: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function part(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length);
  return bytes.subarray(at, at + 1 + random.below(bytes.length - at));
}

function randomBytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: 1 + random.below(8) }, () => random.next());
}

/** Mostly a few bytes, at times all of them. */
function shortLength(bytes: Buffer, random: Random): number {
  return random.oneIn(4) ? bytes.length : 8;
}
