/** Says on stderr what goes on, since when, and every few seconds that it still does. */
export interface Progress {
  report(phase: string): void;
  end(): void;
}

const HEARTBEAT_MS = 10_000;

/** Starts the clock. One line per phase: the lab's output goes into logs as often as onto a terminal. */
export function startProgress(write: (line: string) => void): Progress {
  const started = performance.now();
  let phase = '';
  const elapsed = (since: number) => ((performance.now() - since) / 1000).toFixed(1);
  let phaseStarted = started;
  const heartbeat = setInterval(() => {
    if (phase !== '') write(`lab ${elapsed(started).padStart(6)} s  … still ${phase} (${elapsed(phaseStarted)} s)\n`);
  }, HEARTBEAT_MS);
  return {
    report(next) {
      phase = next;
      phaseStarted = performance.now();
      write(`lab ${elapsed(started).padStart(6)} s  ${next}\n`);
    },
    end() {
      clearInterval(heartbeat);
    },
  };
}
