/** Several screens of rows. */
const MOST = 500;

/** A function that remembers what it gave of late. Ink's own would remember every row that it ever drew. */
export function recent(compute) {
  const known = new Map();
  return (...args) => {
    const key = args.join('\u0000');
    let result = known.get(key);
    if (result === undefined) {
      if (known.size >= MOST) known.clear();
      result = compute(...args);
      known.set(key, result);
    }
    return result;
  };
}
