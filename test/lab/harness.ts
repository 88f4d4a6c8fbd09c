import { type LabRunOptions, type LabRunResult, runInLab } from '../../lab/run.ts';

/** For vitest: one boot, the commands, and a machine that does other things, too. What is missing is built before. */
export const LAB_TEST_TIMEOUT_MS = 30 * 60 * 1000;
/** The longest script took nine minutes of a machine that ran another one beside it; what hangs ends before vitest gives up. */
const SCRIPT_TIMEOUT_SECONDS = 25 * 60;

/** What one command answered in L1. */
export interface StepResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LabSteps extends Omit<LabRunOptions, 'script' | 'args'> {
  /** Shell commands by name, run one after the other in one boot, whatever their exit status. */
  readonly steps: Readonly<Record<string, string>>;
}

export interface LabStepsResult {
  readonly run: LabRunResult;
  /** What the command of that name answered. Throws with all that L1 said if it did not get that far. */
  step(name: string): StepResult;
}

/** Boots one virtual Grace host and runs several commands in it: booting is what takes the time. */
export async function runStepsInLab({ steps, ...options }: LabSteps): Promise<LabStepsResult> {
  const script = Object.entries(steps).map(([name, command]) => stepScript(name, command));
  const run = await runInLab({
    timeoutSeconds: SCRIPT_TIMEOUT_SECONDS,
    ...options,
    script: `#!/bin/bash\n${script.join('')}exit 0\n`,
  });
  const read = (name: string, what: string) => run.files.get(`${name}.${what}`)?.toString('utf8');
  return {
    run,
    step(name) {
      const status = read(name, 'status');
      if (status === undefined) {
        throw new Error(
          `step ${name} did not end (${Object.keys(steps).join(', ')}); status ${run.status}\n${run.stderr}`,
        );
      }
      return { status: Number(status), stdout: read(name, 'stdout') ?? '', stderr: read(name, 'stderr') ?? '' };
    },
  };
}

/** A subshell, so that no step can end the script or change its directory. */
function stepScript(name: string, command: string): string {
  const file = `"$OUT"/${name}`;
  return `(\n${command}\n) > ${file}.stdout 2> ${file}.stderr; echo $? > ${file}.status\n`;
}
