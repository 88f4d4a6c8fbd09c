/** What kind of thing went wrong, which decides the exit status. `check` means that the host or device was found wanting. */
export type FailureKind = 'check' | 'usage' | 'unsupported' | 'permission' | 'tool' | 'timeout' | 'bug' | 'interrupted';

/** Exit status of each kind of failure. The same in plain and JSON mode, so that scripts can rely on it. */
export const EXIT_STATUS: Readonly<Record<FailureKind, number>> = {
  check: 1,
  usage: 2,
  unsupported: 3,
  permission: 4,
  tool: 5,
  timeout: 6,
  bug: 70,
  interrupted: 130,
};

interface FailureDetails {
  /** Stable and dotted (`host.snapshot-missing`): scripts match on it, never on the message. */
  code: string;
  /** What was observed and where; numbers included. One line. */
  message: string;
  /** Commands or advice that can be followed as they stand. */
  suggestions?: readonly string[];
  cause?: unknown;
}

/** The one error type that ghpass throws on purpose; anything else that reaches the command line is a bug (70). */
export class GhpassError extends Error {
  override readonly name = 'GhpassError';
  readonly kind: FailureKind;
  readonly code: string;
  readonly suggestions: readonly string[];

  constructor(kind: FailureKind, details: FailureDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = details.code;
    this.suggestions = details.suggestions ?? [];
  }

  get exitStatus(): number {
    return EXIT_STATUS[this.kind];
  }
}
