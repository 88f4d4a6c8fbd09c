import {
  array,
  broken,
  type FailedStep,
  hex,
  integer,
  object,
  parseFailedStep,
  parseJson,
  string,
} from './protocol.ts';

const SCHEMA = 1;
const PATTERNS = ['address', 'inverted', 'zero'] as const;

/** What the words of memory were written with: their own offset in the device's file, that inverted, or zero. */
export type Pattern = (typeof PATTERNS)[number];

/** Writing or verifying one area. */
export interface Pass {
  bytes: number;
  seconds: number;
  threads: number;
}

/** A word that was not read as it was written. Its offset counts from the start of the region. */
export interface WrongWord {
  offset: bigint;
  expected: bigint;
  actual: bigint;
}

export interface BitErrors {
  words: number;
  /** Bits that were written as 0 and read as 1: how many, and in which places of a word. */
  setBits: number;
  setMask: bigint;
  clearedBits: number;
  clearedMask: bigint;
  /** The one with the lowest offset; null where no word is wrong. */
  first: WrongWord | null;
}

export interface Round {
  pattern: Pattern;
  written: Pass;
  verified: Pass;
  errors: BitErrors;
}

/** What one pread or pwrite came to. */
export interface Transfer {
  bytes: number;
  errno: number;
}

/** A place between the memory and the end of its region: read, written with zeros, and read again. */
export interface PaddingSample {
  offset: bigint;
  read: Transfer;
  data: Uint8Array;
  write: Transfer;
  readAgain: Transfer;
  dataAgain: Uint8Array;
}

/** What the kernel answers around an area. Errno 0 of a mapping means that it succeeded. */
export interface Edges {
  mapBeyond: number;
  mapAcross: number;
  padding: PaddingSample[];
  readAtEnd: Transfer;
  writeAtEnd: Transfer;
}

export interface AreaAnswer {
  region: number;
  offset: bigint;
  bytes: number;
  mappedBytes: number;
  /** Of the area in the device's file: the first word of pattern `address`. */
  fileOffset: bigint;
  regionBytes: number;
  rounds: Round[];
  /** Where an access ended in SIGBUS, and its si_code. */
  busError: { offset: bigint; code: number } | null;
  edges: Edges | null;
  /** Of the boundary pages, when the edges had been tried. */
  after: BitErrors | null;
}

/** What `ghpass-vfio memory` printed last. */
export interface MemoryAnswer {
  address: string;
  via: 'cdev' | 'group';
  /** The PCI command register as it was found. */
  command: number | null;
  areas: AreaAnswer[];
  error: FailedStep | null;
}

/** How far it is; bytes and seconds count over all of the work. */
export interface MemoryProgress {
  region: number;
  pattern: Pattern;
  operation: 'write' | 'verify';
  doneBytes: number;
  totalBytes: number;
  seconds: number;
}

/**
 * Reads what `ghpass-vfio memory` printed: its last line.
 * @throws GhpassError (`helper.protocol`) that names the first field that is not as the protocol says.
 */
export function parseMemoryAnswer(output: string): MemoryAnswer {
  const answer = object(parseJson(output.trimEnd().split('\n').at(-1) ?? ''), 'output');
  if (answer.schema !== SCHEMA) throw broken(`schema is ${JSON.stringify(answer.schema)}, not ${SCHEMA}`);
  return {
    address: string(answer.address, 'address'),
    via: oneOf(['cdev', 'group'], answer.via, 'via'),
    command: answer.command === null ? null : integer(answer.command, 'command'),
    areas: array(answer.areas, 'areas').map(parseArea),
    error: answer.error === null ? null : parseFailedStep(answer.error),
  };
}

/**
 * Reads a line that comes before the answer.
 * @returns null for the answer itself.
 * @throws GhpassError (`helper.protocol`).
 */
export function parseMemoryProgress(line: string): MemoryProgress | null {
  const output = object(parseJson(line), 'output');
  if (output.progress === undefined) return null;
  const progress = object(output.progress, 'progress');
  return {
    region: integer(progress.region, 'progress.region'),
    pattern: oneOf(PATTERNS, progress.pattern, 'progress.pattern'),
    operation: oneOf(['write', 'verify'], progress.operation, 'progress.operation'),
    doneBytes: integer(progress.doneBytes, 'progress.doneBytes'),
    totalBytes: integer(progress.totalBytes, 'progress.totalBytes'),
    seconds: seconds(progress.seconds, 'progress.seconds'),
  };
}

function parseArea(value: unknown, position: number): AreaAnswer {
  const where = `areas[${position}]`;
  const area = object(value, where);
  return {
    region: integer(area.region, `${where}.region`),
    offset: address(area.offset, `${where}.offset`),
    bytes: integer(area.bytes, `${where}.bytes`),
    mappedBytes: integer(area.mappedBytes, `${where}.mappedBytes`),
    fileOffset: address(area.fileOffset, `${where}.fileOffset`),
    regionBytes: integer(area.regionBytes, `${where}.regionBytes`),
    rounds: array(area.rounds, `${where}.rounds`).map((round, i) => parseRound(round, `${where}.rounds[${i}]`)),
    busError: area.busError === null ? null : parseBusError(area.busError, `${where}.busError`),
    edges: area.edges === null ? null : parseEdges(area.edges, `${where}.edges`),
    after: area.after === null ? null : parseErrors(area.after, `${where}.after`),
  };
}

function parseRound(value: unknown, where: string): Round {
  const round = object(value, where);
  return {
    pattern: oneOf(PATTERNS, round.pattern, `${where}.pattern`),
    written: parsePass(round.written, `${where}.written`),
    verified: parsePass(round.verified, `${where}.verified`),
    errors: parseErrors(round.errors, `${where}.errors`),
  };
}

function parsePass(value: unknown, where: string): Pass {
  const pass = object(value, where);
  return {
    bytes: integer(pass.bytes, `${where}.bytes`),
    seconds: seconds(pass.seconds, `${where}.seconds`),
    threads: integer(pass.threads, `${where}.threads`),
  };
}

function parseErrors(value: unknown, where: string): BitErrors {
  const errors = object(value, where);
  const first = errors.first === null ? null : object(errors.first, `${where}.first`);
  return {
    words: integer(errors.words, `${where}.words`),
    setBits: integer(errors.setBits, `${where}.setBits`),
    setMask: address(errors.setMask, `${where}.setMask`),
    clearedBits: integer(errors.clearedBits, `${where}.clearedBits`),
    clearedMask: address(errors.clearedMask, `${where}.clearedMask`),
    first: first && {
      offset: address(first.offset, `${where}.first.offset`),
      expected: address(first.expected, `${where}.first.expected`),
      actual: address(first.actual, `${where}.first.actual`),
    },
  };
}

function parseBusError(value: unknown, where: string): { offset: bigint; code: number } {
  const error = object(value, where);
  return { offset: address(error.offset, `${where}.offset`), code: integer(error.code, `${where}.code`) };
}

function parseEdges(value: unknown, where: string): Edges {
  const edges = object(value, where);
  return {
    mapBeyond: integer(edges.mapBeyond, `${where}.mapBeyond`),
    mapAcross: integer(edges.mapAcross, `${where}.mapAcross`),
    padding: array(edges.padding, `${where}.padding`).map((sample, i) => parseSample(sample, `${where}.padding[${i}]`)),
    readAtEnd: parseTransfer(edges.readAtEnd, `${where}.readAtEnd`),
    writeAtEnd: parseTransfer(edges.writeAtEnd, `${where}.writeAtEnd`),
  };
}

function parseSample(value: unknown, where: string): PaddingSample {
  const sample = object(value, where);
  return {
    offset: address(sample.offset, `${where}.offset`),
    read: parseTransfer(sample.read, `${where}.read`),
    data: hex(sample.data, `${where}.data`),
    write: parseTransfer(sample.write, `${where}.write`),
    readAgain: parseTransfer(sample.readAgain, `${where}.readAgain`),
    dataAgain: hex(sample.dataAgain, `${where}.dataAgain`),
  };
}

function parseTransfer(value: unknown, where: string): Transfer {
  const transfer = object(value, where);
  return { bytes: integer(transfer.bytes, `${where}.bytes`), errno: integer(transfer.errno, `${where}.errno`) };
}

function oneOf<T extends string>(names: readonly T[], value: unknown, where: string): T {
  const name = names.find((candidate) => candidate === value);
  if (name === undefined) throw broken(`${where} is none of ${names.join(', ')}`);
  return name;
}

function seconds(value: unknown, where: string): number {
  if (typeof value !== 'number' || value < 0) throw broken(`${where} is no number of seconds`);
  return value;
}

function address(value: unknown, where: string): bigint {
  const text = string(value, where);
  if (!/^0x[0-9a-f]{1,16}$/.test(text)) throw broken(`${where} is no 64-bit number in hexadecimal`);
  return BigInt(text);
}
