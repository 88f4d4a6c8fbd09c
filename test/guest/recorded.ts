import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { findGuestReport, type GuestFacts } from '../../src/guest/proof/guest-facts.ts';

/** What a guest reports: its files by path. */
export interface Report {
  texts: Record<string, string>;
  binaries: Record<string, string>;
}

export type Recording = 'one-gpu' | 'two-gpus-16-nodes';

/** Everything that a real guest wrote to its console: Debian's 6.12 under emulation, virtio-rng in the place of the GPU. */
export function recordedConsole(name: Recording): string {
  return readFileSync(join(import.meta.dirname, 'fixtures', `${name}.console`), 'latin1');
}

/** The line that the guest's init prints for a report. */
export function reportLine(report: unknown): string {
  return `ghpass-report: ${JSON.stringify({ schema: 1, gzip: gzipSync(JSON.stringify(report)).toString('base64') })}\n`;
}

/** The report of a recorded guest, to be changed. */
export function recordedReport(name: Recording): Report {
  const [, gzip = ''] = /ghpass-report: .*"gzip":"([^"]*)"/.exec(recordedConsole(name)) ?? [];
  return JSON.parse(gunzipSync(Buffer.from(gzip, 'base64')).toString()) as Report;
}

/** A recorded guest, as it was or with a difference. */
export function recordedGuest(name: Recording, change: (report: Report) => void = () => undefined): GuestFacts {
  const report = recordedReport(name);
  change(report);
  const facts = findGuestReport(reportLine(report));
  if (facts === null) throw new Error('there is no report');
  return facts;
}
