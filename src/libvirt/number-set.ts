/** As many CPUs as a kernel can have; libvirt itself takes more (src/util/virbitmap.c). */
const MAX_NUMBER = 8191;

/**
 * CPUs or nodes as people write them for libvirt: numbers and ranges in any order, and with `^` those that are left out of what
 * stands before (docs/formatdomain.rst, cpuset).
 * @returns ascending, without doubles; null where the text is no such list.
 */
export function parseNumberSet(text: string): number[] | null {
  const numbers = new Set<number>();
  for (const part of text.trim() === '' ? [] : text.split(',')) {
    const [, not, first, last = first] = /^\s*(\^?)(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part) ?? [];
    if (first === undefined) return null;
    const [from, to] = [Number(first), Number(last)];
    if (to < from || to > MAX_NUMBER || (not && from !== to)) return null;
    for (let n = from; n <= to; n += 1) not ? numbers.delete(n) : numbers.add(n);
  }
  return [...numbers].sort((a, b) => a - b);
}
