import { onProgram, type ProgramRun } from '../host/programs/program-events.ts';
import { programEndText, programText, programWaitText } from './program-text.ts';

/** Somebody who looks at a terminal wonders sooner than somebody who reads a log later. */
const PATIENCE_MS = { terminal: 1_000, log: 5_000 };
const REPORT_MS = 5_000;

/**
 * Tells what is waited for, of each program that takes long and that nobody else reports on.
 * @param tell gets a line.
 */
export function tellWaits(isTerminal: boolean, tell: (line: string) => void): void {
  onProgram((run) => {
    if (!run.isReported) void waitFor(run, isTerminal ? PATIENCE_MS.terminal : PATIENCE_MS.log, tell);
  });
}

async function waitFor(run: ProgramRun, patienceMs: number, tell: (line: string) => void): Promise<void> {
  const start = performance.now();
  let timer: NodeJS.Timeout;
  const report = () => {
    tell(programWaitText(run, performance.now() - start));
    timer = setTimeout(report, REPORT_MS).unref();
  };
  timer = setTimeout(report, patienceMs).unref();
  await run.ended;
  clearTimeout(timer);
}

/** Tells each program that is run, and how it ended. */
export function tellPrograms(tell: (lines: string) => void): void {
  onProgram((run) => {
    tell(programText(run));
    void run.ended.then((end) => tell(programEndText(run, end)));
  });
}
