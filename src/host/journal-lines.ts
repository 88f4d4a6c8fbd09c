/** One change to the host, with what was there before: enough to undo it. */
export type Change =
  | { kind: 'module'; name: string }
  | { kind: 'driver-override'; address: string; before: string | null }
  | { kind: 'driver'; address: string; before: string | null }
  | { kind: 'directory'; path: string }
  /** The directory of a guest's definition, about to be made. */
  | { kind: 'definition'; path: string }
  /** A guest's process, about to be started: it is found by the mark in its environment. */
  | { kind: 'guest'; mark: string }
  | { kind: 'process'; pid: number; startTime: string }
  /** A domain of libvirt, about to be defined; `before` is its old definition, null where there was none. */
  | { kind: 'domain'; uri: string; name: string; uuid: string; before: string | null }
  /** A domain of libvirt, about to be started. */
  | { kind: 'domain-run'; uri: string; name: string; uuid: string }
  /** A child that hangs in the kernel and cannot be ended: nothing else is to be done to the device before it is gone. */
  | { kind: 'abandoned'; pid: number; startTime: string; what: string };

/** Who works on a subject from this line on. */
export interface Owner {
  kind: 'owner';
  pid: number;
  startTime: string;
  command: string;
  /** In the environment of the tools that it runs: they may outlive it. */
  mark: string;
  /** Subject of the journal whose end decides about this one, too; null where it stands for itself. */
  partOf: string | null;
}

export type JournalLine = Owner | { kind: 'kept' } | Change;

/** What the lines of a journal come to. */
export interface JournalText {
  /** The one that worked on it last; null where the file has no owner, which no ghpass writes. */
  owner: Owner | null;
  /** Commands of all owners. */
  commands: string[];
  /** The last owner's work is done and is to stay. */
  kept: boolean;
  /** Marks of all owners. */
  marks: string[];
  changes: Change[];
}

/** A line that is no JSON, counted from 1. */
export class JournalLineError extends Error {
  override readonly name = 'JournalLineError';

  constructor(readonly line: number) {
    super(`line ${line} is no JSON`);
  }
}

/**
 * Reads a journal. A last line that was cut short by a crash belongs to a change that was not made yet.
 * @throws JournalLineError for any other line that cannot be read.
 */
export function parseJournal(text: string): JournalText {
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line, i) => parseLine(line, i + 1));
  const owners = lines.filter((line) => line.kind === 'owner');
  const owner = owners.at(-1) ?? null;
  return {
    owner,
    kept: lines.slice(owner ? lines.indexOf(owner) : 0).some(({ kind }) => kind === 'kept'),
    commands: owners.map(({ command }) => command),
    marks: owners.map(({ mark }) => mark),
    changes: lines.filter((line): line is Change => line.kind !== 'owner' && line.kind !== 'kept'),
  };
}

function parseLine(text: string, number: number): JournalLine {
  try {
    return JSON.parse(text) as JournalLine;
  } catch {
    throw new JournalLineError(number);
  }
}
