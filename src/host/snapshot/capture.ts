import type { Host } from '../host.ts';
import type { FileTree } from '../memory-files.ts';
import { ABOUT_FILE, type About } from './about.ts';
import { keepDeviceHolders } from './device-holders.ts';
import { LEAVE_OUT_RULES } from './leave-out/index.ts';
import { recordingHost, type Unanswered } from './recording-host.ts';
import { UNREAD_FILE } from './unread.ts';

/** Reads of a host what some command reads; what it makes of it is of no interest here. */
export type Collector = (host: Host, options: { open: boolean }) => Promise<unknown>;

export interface CaptureOptions {
  /** Whether devices are opened, which resets them. */
  open: boolean;
  /** Nothing is left out. */
  full: boolean;
  /** Why the numbers are not those of a real board; null for what the host says of itself. */
  synthetic: string | null;
  /** `uname -n` of the host; null where it is not known. */
  hostName: string | null;
  /** Version of ghpass. */
  version: string;
  now: Date;
}

/** A captured host, to be written. */
export interface Capture {
  tree: FileTree;
  /** PCI addresses of the devices that answered. */
  devices: string[];
  /** What was left out, in words. */
  leftOut: string[];
  unanswered: readonly Unanswered[];
}

/**
 * Lets collectors read a host and keeps what they read: a snapshot is what ghpass reads, by construction.
 * @param collectors must see to it that a host without a GPU is no error.
 */
export async function captureHost(
  host: Host,
  collectors: readonly Collector[],
  options: CaptureOptions,
): Promise<Capture> {
  const recording = recordingHost(host);
  for (const collect of collectors) await collect(recording.host, { open: options.open });
  const rules = options.full ? [] : LEAVE_OUT_RULES;
  const names = { host: options.hostName ?? '', release: host.release };
  const reduced = rules.reduce((tree, rule) => rule.apply(tree, names), keepDeviceHolders(recording.recorded()));
  const synthetic = options.synthetic ?? host.source.synthetic;
  const about: About = {
    ...(synthetic === null ? {} : { synthetic }),
    snapshot: {
      schema: 1,
      ghpass: options.version,
      takenAt: options.now.toISOString(),
      opened: options.open,
      leftOut: rules.map(({ id }) => id),
      unanswered: recording.unanswered.map(({ subject, why }) => ({ subject, code: why.code, message: why.message })),
    },
  };
  const { unread = {} } = reduced;
  const files: Record<string, string | Uint8Array> = { ...reduced.files, [ABOUT_FILE]: json(about) };
  if (Object.keys(unread).length > 0) files[UNREAD_FILE] = json(unread);
  return {
    tree: { ...reduced, files },
    devices: Object.keys(files).flatMap((path) => /^\/ghpass\/vfio\/(.*)\.json$/.exec(path)?.[1] ?? []),
    leftOut: rules.map(({ title }) => title),
    unanswered: recording.unanswered,
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
