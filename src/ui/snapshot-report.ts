import type { Finding } from '../checks/check.ts';
import type { Capture } from '../host/snapshot/capture.ts';
import type { Unanswered } from '../host/snapshot/recording-host.ts';

/** What a snapshot that was written has in it. */
export function snapshotReport(path: string, sizeBytes: number, { tree, devices, leftOut }: Capture) {
  return {
    path,
    size: sizeBytes,
    files: Object.keys(tree.files).length,
    links: Object.keys(tree.links).length,
    devices,
    tools: '/ghpass/tools.json' in tree.files,
    leftOut,
  } as const;
}

export type SnapshotReport = ReturnType<typeof snapshotReport>;

export function snapshotText({ path, size, files, links, devices, tools, leftOut }: SnapshotReport): string {
  return [
    `${path}: ${Math.ceil(size / 1024)} KiB, ${files} files, ${links} links`,
    `  devices asked  ${devices.join(', ') || 'none'}`,
    `  software       ${tools ? 'QEMU, firmware, KVM' : 'not known'}`,
    `  left out       ${leftOut.join(', ') || 'nothing'}`,
  ].join('\n');
}

/** A snapshot with something missing is still worth having, and is not to be taken for a whole one. */
export function incomplete(unanswered: readonly Unanswered[]): Finding[] {
  return unanswered.map(({ subject, why }) => ({
    id: 'snapshot.incomplete',
    severity: 'warn',
    subject,
    message: `not in the snapshot, because ${why.message}`,
    remedy: why.suggestions,
    reference: why.code,
  }));
}
