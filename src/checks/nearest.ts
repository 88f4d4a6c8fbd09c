/** As many as fit the eye. */
const MOST = 3;

/**
 * The names that are nearest to one that was misspelt: those with the fewest letters to change, and at most half of them.
 * @returns the nearest first; none where nothing is near.
 */
export function nearest(misspelt: string, names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, distance: editDistance(misspelt, name) }))
    .filter(({ name, distance }) => distance <= name.length / 2)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST)
    .map(({ name }) => name);
}

/** How many letters have to be put in, taken out or replaced (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j += 1) {
      const replaced = (row[j] ?? 0) + (letter === to[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
