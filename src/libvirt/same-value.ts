import { bytesOf } from './units.ts';

/** libvirt writes sizes in KiB, and reads them so where no unit is given. */
const DEFAULT_UNIT = 'KiB';
/** Larger than any machine: a list that comes from elsewhere is not worked out beyond it. */
const MOST_IN_LIST = 1 << 16;

/** Whether a value that libvirt wrote is the one that it was given, in its own spelling. */
export function isSameValue(given: string, kept: string): boolean {
  return canonical(given) === canonical(kept);
}

/** As {@link isSameValue}, of a size with the unit beside it. */
export function isSameSize(
  given: { value: string; unit: string | undefined },
  kept: { value: string; unit: string | undefined },
): boolean {
  const [before, after] = [given, kept].map(({ value, unit = DEFAULT_UNIT }) => bytesOf(value, unit));
  // libvirt rounds up to whole KiB (virDomainParseMemory).
  return before != null && after != null && after >= before && after - before < 1024n;
}

/** Numbers in decimal, lists of numbers one by one, and letters of addresses and UUIDs small. */
function canonical(value: string): string {
  const text = value.trim();
  if (/^(0x[0-9a-f]+|\d+)$/i.test(text)) return `${BigInt(text)}`;
  if (/^\d[\d,^-]*$/.test(text)) return numbersOf(text)?.join() ?? text;
  return /^[0-9a-f:-]+$/i.test(text) ? text.toLowerCase() : text;
}

/** `1-4,^2,7`, as virBitmapParse reads it: what stands behind a caret is taken out of what stands before it. */
function numbersOf(list: string): number[] | null {
  const numbers = new Set<number>();
  for (const part of list.split(',')) {
    const [, caret, first = '', last = first] = /^(\^?)(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (caret === undefined || Number(last) - Number(first) > MOST_IN_LIST) return null;
    for (let number = Number(first); number <= Number(last); number += 1) {
      if (caret) numbers.delete(number);
      else numbers.add(number);
    }
  }
  return [...numbers].sort((a, b) => a - b);
}
