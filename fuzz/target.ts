/** Something that reads bytes which nobody vouches for. */
export interface FuzzTarget {
  name: string;
  /** Files and directories below `src/` whose coverage is reported. */
  sources: readonly string[];
  /** How inputs are changed: byte by byte, or value by value of a JSON document (and byte by byte as well). */
  form: 'bytes' | 'json';
  maxBytes: number;
  /** Words of the format, beside the constants in the sources. */
  words?: readonly string[];
  /** Whole inputs that are right, to start from. */
  seeds(): Uint8Array[];
  /**
   * Reads one input.
   * @throws whatever is neither a result nor an error of the declared kind: that is a finding.
   */
  run(input: Uint8Array): void | Promise<void>;
}

/** Does something that may fail with errors of one class, and with no others. */
export function allowing(expected: abstract new (...args: never[]) => Error, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof expected)) throw error;
  }
}

/** @throws Error that says which promise of a result is not kept. */
export function promise(isKept: boolean, what: string): void {
  if (!isKept) throw new Error(`broken promise: ${what}`);
}
