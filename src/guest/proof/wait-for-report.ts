import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../../checks/check.ts';
import { GhpassError } from '../../errors.ts';
import { readConsoleLog } from './console-log.ts';
import { findGuestReport, type GuestFacts } from './guest-facts.ts';

/** UEFI and an emulated guest's kernel, beside the time that the start takes. */
const BOOT_MS = 300_000;
const POLL_MS = 200;

/** A smoke guest that runs, on one back end or the other. */
export interface ReportingGuest {
  consoleLog: string;
  /** What is to be said of how it was started. */
  findings: readonly Finding[];
  /** Whether it is gone: what it had said by then is all. */
  hasEnded(): Promise<boolean>;
  /** Ends it at once; what was made for it is the journal's. */
  stop(): Promise<void>;
}

export interface ReportOptions {
  /** Null: as long as an emulated guest may take. */
  deadlineMs: number | null;
  signal: AbortSignal;
  progress(line: string): void;
}

/**
 * Waits for what the smoke guest says of itself on its console.
 * @param boot of which the report is to be, counted from 0.
 * @throws GhpassError `guest.silent` where the guest ends or the time does before there is a report; the last lines of its
 * console are part of the message.
 */
export async function waitForReport(
  { consoleLog, hasEnded }: Pick<ReportingGuest, 'consoleLog' | 'hasEnded'>,
  options: ReportOptions,
  boot = 0,
): Promise<GuestFacts> {
  const deadlineMs = options.deadlineMs ?? BOOT_MS;
  const start = Date.now();
  for (let polls = 0; ; polls += 1) {
    options.signal.throwIfAborted();
    const wasEnded = await hasEnded();
    const console = readConsoleLog(consoleLog);
    const report = findGuestReport(console, boot);
    if (report) return report;
    const elapsedMs = Date.now() - start;
    if (wasEnded || elapsedMs > deadlineMs) throw silent(wasEnded, elapsedMs, console);
    if (polls % 25 === 0) {
      options.progress(
        `the guest boots: ${Math.round(elapsedMs / 1000)} s of at most ${Math.round(deadlineMs / 1000)} s`,
      );
    }
    await sleep(POLL_MS);
  }
}

function silent(ended: boolean, elapsedMs: number, console: string): GhpassError {
  const lines = console.replaceAll('\r', '').trim().split('\n').slice(-3).join(' | ');
  return new GhpassError(ended ? 'tool' : 'timeout', {
    code: 'guest.silent',
    message: `the guest ${ended ? 'ended' : 'is up'} after ${Math.round(elapsedMs / 1000)} s without a report; its console ends with: ${lines || 'nothing at all'}`,
    suggestions: ['--timeout SECONDS', '--kernel FILE   # an arm64 kernel that boots without modules'],
  });
}
