import type { Finding, Severity } from '../checks/check.ts';
import type { GhpassError } from '../errors.ts';
import type { Paint } from './paint.ts';

const MARKS: Readonly<Record<Severity, string>> = { fail: '✖', warn: '▲', info: '·' };

/** One finding as a person reads it: what, where, why, and what to do. */
export function findingText({ id, severity, subject, message, remedy }: Finding, paint: Paint): string {
  const head = visible(`${MARKS[severity]} ${severity} ${subject}: ${message}`);
  const color = severity === 'fail' ? paint.red : severity === 'warn' ? paint.yellow : paint.dim;
  return layout(color(head), id, severity === 'info' ? [] : remedy, paint);
}

/** An error in the same layout. */
export function errorText(error: GhpassError, paint: Paint): string {
  return layout(paint.red(visible(`✖ ${error.message}`)), error.code, error.suggestions, paint);
}

/** Texts quote files and devices, and whatever is in those does not get to steer the terminal. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

function layout(head: string, code: string, remedy: readonly string[], paint: Paint): string {
  const lines = [head, `  ${paint.dim('Code:')} ${code}`];
  remedy.forEach((line, i) => {
    lines.push(`  ${i === 0 ? paint.dim('Try this:') : '         '} ${visible(line)}`);
  });
  return lines.join('\n');
}
