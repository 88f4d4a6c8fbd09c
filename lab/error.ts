/** A failure of the lab itself (not of a script that ran in it): what happened and what to do about it. */
export class LabError extends Error {
  /** Commands to paste, or single sentences; printed one per line under `Try this:`. */
  readonly suggestions: readonly string[];

  constructor(message: string, suggestions: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabError';
    this.suggestions = suggestions;
  }
}

/** The lab's error layout, for stderr. */
export function formatLabError(error: LabError): string {
  const lines = [`✖ ${error.message}`, ...error.suggestions.map((line) => `  Try this: ${line}`)];
  return `${lines.join('\n')}\n`;
}
