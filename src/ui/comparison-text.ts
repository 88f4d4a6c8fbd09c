import type { Comparison } from '../guest/proof/verify.ts';
import type { Paint } from './paint.ts';

/** The guest held against its plan, line by line. */
export function comparisonText(comparisons: readonly Comparison[], paint: Paint): string {
  const subjects = [...new Set(comparisons.map(({ gpu }) => gpu))];
  return subjects
    .map((subject) => {
      const lines = comparisons.filter(({ gpu }) => gpu === subject).map((line) => comparisonLine(line, paint));
      return [paint.bold(subject ?? 'guest'), ...lines].join('\n');
    })
    .join('\n');
}

function comparisonLine({ what, planned, seen, equal }: Comparison, paint: Paint): string {
  return equal ? `  ${paint.green('✔')} ${what}: ${seen}` : `  ${paint.red('✖')} ${what}: ${seen}; planned: ${planned}`;
}
