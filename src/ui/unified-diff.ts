import { createTwoFilesPatch } from 'diff';

/** Two versions of a document as `diff -u` shows them; empty where they are the same. */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return '';
  const patch = createTwoFilesPatch(`${name} (now)`, `${name} (planned)`, before, after);
  return patch.split('\n').slice(1).join('\n').trimEnd();
}
