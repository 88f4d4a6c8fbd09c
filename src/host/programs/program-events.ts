import { channel } from 'node:diagnostics_channel';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** A program that ghpass runs. The marks in its environment are left out: they say who started it, and change nothing. */
export interface ProgramRun {
  /** As a shell would start it: by its path where it is not on PATH. */
  argv: readonly string[];
  /** What it reads; null where that is nothing. */
  input: string | null;
  /** Null where it may run as long as it likes. */
  deadlineMs: number | null;
  /** Whoever started it says what it is waited for. */
  isReported: boolean;
  ended: Promise<ProgramEnd>;
}

export interface ProgramEnd {
  /** `status 0`, `SIGKILL`, `not started`. */
  how: string;
  elapsedMs: number;
}

/** Who wants to know subscribes; the programs are run far below those who do. */
const programs = channel('ghpass:program');

type Started = Pick<ProgramRun, 'input' | 'deadlineMs' | 'isReported'> & {
  /** Directories that are searched behind PATH. */
  searchAlso?: readonly string[] | undefined;
};

/**
 * Tells of a program that is being started.
 * @returns what is to be called when it has ended, with how it did.
 */
export function announceProgram(
  command: string,
  args: readonly string[],
  { searchAlso = [], ...started }: Started,
): (how: string) => void {
  if (!programs.hasSubscribers) return () => {};
  const start = performance.now();
  let tell: (end: ProgramEnd) => void = () => {};
  const ended = new Promise<ProgramEnd>((resolve) => {
    tell = resolve;
  });
  programs.publish({ ...started, argv: [pathOf(command, searchAlso), ...args], ended } satisfies ProgramRun);
  return (how) => tell({ how, elapsedMs: performance.now() - start });
}

/** Calls `listener` for each program that is started from now on. */
export function onProgram(listener: (run: ProgramRun) => void): void {
  programs.subscribe((message) => listener(message as ProgramRun));
}

/** How a program ended whose status or signal is known. */
export function endOf(status: number | null, signal: string | null): string {
  return status === null ? (signal ?? 'not started') : `status ${status}`;
}

function pathOf(command: string, searchAlso: readonly string[]): string {
  if (command.includes('/') || findIn((process.env.PATH ?? '').split(':'), command)) return command;
  return findIn(searchAlso, command) ?? command;
}

function findIn(directories: readonly string[], command: string): string | null {
  return (
    directories
      .map((directory) => join(directory, command))
      .find((path) => {
        try {
          accessSync(path, constants.X_OK);
          return true;
        } catch {
          return false;
        }
      }) ?? null
  );
}
