import { formatAddress } from '../vfio/bytes.ts';
import type { AreaAnswer, BitErrors, Edges, Pass, Transfer } from '../vfio/memory-answer.ts';
import type { MemoryValidation } from '../vfio/memory-validation.ts';
import { jsonBytes } from './envelope.ts';

/** Validated memory in a result: sizes are integer bytes, offsets and masks strings, what is not known is null. */
export function memoryReport({ mode, areas, answer }: MemoryValidation) {
  return {
    mode,
    areas: areas.map(({ region, offsetBytes, sizeBytes, mapping }, i) => {
      const seen = answer?.areas[i];
      return {
        region,
        offset: formatAddress(offsetBytes),
        size: jsonBytes(sizeBytes),
        mapping,
        rounds: seen ? seen.rounds.map(round) : [],
        busError: seen?.busError ? { offset: formatAddress(seen.busError.offset), code: seen.busError.code } : null,
        edges: seen?.edges ? edges(seen.edges) : null,
      };
    }),
    error: answer?.error ?? null,
  } as const;
}

export type MemoryReport = ReturnType<typeof memoryReport>;

function round({ pattern, written, verified, errors }: AreaAnswer['rounds'][number]) {
  return { pattern, written: pass(written), verified: pass(verified), errors: bitErrors(errors) };
}

function pass({ bytes, seconds, threads }: Pass) {
  return { bytes, seconds, threads, bytesPerSecond: seconds === 0 ? null : Math.round(bytes / seconds) };
}

function bitErrors({ words, setBits, setMask, clearedBits, clearedMask, first }: BitErrors) {
  return {
    words,
    setBits,
    setMask: formatAddress(setMask),
    clearedBits,
    clearedMask: formatAddress(clearedMask),
    first: first && {
      offset: formatAddress(first.offset),
      expected: formatAddress(first.expected),
      actual: formatAddress(first.actual),
    },
  };
}

/** The numbers that the kernel gave; errno 0 of a mapping means that it succeeded. */
function edges({ mapBeyond, mapAcross, padding, readAtEnd, writeAtEnd }: Edges) {
  return {
    mapBeyond,
    mapAcross,
    padding: padding.map(({ offset, read, data, write, dataAgain }) => ({
      offset: formatAddress(offset),
      read: transfer(read),
      data: Buffer.from(data).toString('hex'),
      write: transfer(write),
      dataAgain: Buffer.from(dataAgain).toString('hex'),
    })),
    readAtEnd: transfer(readAtEnd),
    writeAtEnd: transfer(writeAtEnd),
  };
}

function transfer({ bytes, errno }: Transfer) {
  return { bytes, errno };
}
