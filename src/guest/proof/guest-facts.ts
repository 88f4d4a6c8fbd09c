import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { GhpassError } from '../../errors.ts';
import { readSrat, type Srat } from '../../host/acpi/srat.ts';
import { readTable } from '../../host/acpi/tables.ts';
import { type HostFiles, readText } from '../../host/files.ts';
import { type NvidiaDriver, readNvidiaDriver } from '../../host/kernel/nvidia-driver.ts';
import { memoryFiles } from '../../host/memory-files.ts';
import { type NumaFacts, readNumaFacts } from '../../host/numa/numa.ts';
import { type OnlineMemory, readOnlineMemory } from '../../host/numa/online-memory.ts';
import { listPciFunctions, type PciFunction, readPciFunction } from '../../host/pci/pci.ts';

/** What the smoke guest's init puts before its report. */
const MARK = 'ghpass-report: ';
/** Far more than a guest with hundreds of nodes and functions has to say. */
const MAX_REPORT_BYTES = 16 << 20;

/** Far longer than any path that the guest's init sends; a tree is built of their components. */
const MAX_PATH_CHARACTERS = 256;

const lineSchema = z.object({ schema: z.literal(1), gzip: z.base64() });

const pathSchema = z.string().startsWith('/').max(MAX_PATH_CHARACTERS);

const reportSchema = z.object({
  texts: z.record(pathSchema, z.string()),
  binaries: z.record(pathSchema, z.string().regex(/^(?:[0-9a-f]{2})*$/)),
});

/** What a guest sees, read from its files as a host is read from its own. */
export interface GuestFacts {
  /** Null where the guest has none, which is what a missing `-numa` or `acpi=off` looks like. */
  srat: Srat | null;
  numa: NumaFacts | null;
  functions: PciFunction[];
  /** Null where NVIDIA's driver is not loaded. */
  driver: NvidiaDriver | null;
  /** Memory of GPUs that the driver gave to the kernel; null where it is not known. */
  gpuMemory: OnlineMemory | null;
  /** What the kernel said since it booted, or the part of it that matters; null where it is not known. */
  kernelLog: string | null;
}

/**
 * Finds a report in what a guest wrote to its console.
 * @param boot of which the report is, counted from 0: a guest reports once each time that it boots. The last one by default.
 * @returns null where that report is not complete yet.
 * @throws GhpassError `guest.report-broken`.
 */
export function findGuestReport(console: string, boot = -1): GuestFacts | null {
  const reports = console
    .split(MARK)
    .slice(1)
    .filter((rest) => rest.includes('\n'));
  const report = reports.at(boot);
  return report === undefined ? null : parseGuestReport(report.slice(0, report.indexOf('\n')).trim());
}

function parseGuestReport(line: string): GuestFacts {
  try {
    const { gzip } = lineSchema.parse(JSON.parse(line));
    const report = gunzipSync(Buffer.from(gzip, 'base64'), { maxOutputLength: MAX_REPORT_BYTES }).toString();
    const { texts, binaries } = reportSchema.parse(JSON.parse(report));
    const bytes = Object.entries(binaries).map(([path, hex]) => [path, new Uint8Array(Buffer.from(hex, 'hex'))]);
    return readGuestFacts(memoryFiles({ files: { ...texts, ...Object.fromEntries(bytes) }, links: {} }));
  } catch (error) {
    throw unreadable('report', error as Error);
  }
}

/**
 * What a guest's files say.
 * @throws SratError, and GhpassError of the reader.
 */
export function readGuestFacts(files: HostFiles): GuestFacts {
  const table = readTable(files, 'SRAT');
  return {
    srat: table && readSrat(table),
    numa: readNumaFacts(files),
    functions: listPciFunctions(files).map((ids) => readPciFunction(files, ids)),
    driver: readNvidiaDriver(files),
    gpuMemory: readOnlineMemory(files),
    kernelLog: readText(files, '/dev/kmsg'),
  };
}

/** @param what of the guest it is that cannot be read. */
export function unreadable(what: string, error: Error): GhpassError {
  return new GhpassError('tool', {
    code: 'guest.report-broken',
    message: `the ${what} of the guest cannot be read: ${reasonOf(error)}`,
    cause: error,
  });
}

/** zod's own message is the whole list of issues as JSON. */
function reasonOf(error: Error): string {
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
  return issue ? `${issue.path.join('.')}: ${issue.message}` : (error.message.split('\n')[0] ?? '');
}
