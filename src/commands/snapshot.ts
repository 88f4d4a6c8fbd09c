import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { COLLECTORS } from '../checks/collectors.ts';
import { openHost } from '../host/open.ts';
import { GhpassCommand, hostFlag, strictFlag } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { requirePlainPath } from '../ui/guest-flags.ts';
import { Flags } from '../ui/oclif.ts';

export default class Snapshot extends GhpassCommand {
  static override summary = 'Capture what ghpass reads of this host, to be looked at elsewhere with --host.';
  static override description = [
    'Reads and asks what probe does, opening devices included (which resets idle GPUs; --no-open leaves them alone), and keeps it in one file',
    'that only its owner may read. Serial numbers, MAC addresses, UUIDs, the host name, mounts and values on the kernel command line',
    'are left out, unless --full asks for them. Nothing is overwritten.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> snapshot -o gh200.tar.gz',
    '<%= config.bin %> probe --host gh200.tar.gz   # on any machine',
  ];
  static override flags = {
    ...hostFlag,
    ...strictFlag,
    output: Flags.string({
      char: 'o',
      default: 'ghpass-snapshot.tar.gz',
      helpValue: 'FILE|DIR',
      description: 'where to write it; a directory, unless the name ends in .tar.gz or .tgz',
    }),
    full: Flags.boolean({ description: 'leave nothing out' }),
    open: Flags.boolean({ default: true, allowNo: true, description: 'open the devices through VFIO' }),
    synthetic: Flags.string({ helpValue: 'TEXT', description: 'say why the numbers are not those of a real board' }),
  };

  async run(): Promise<Envelope> {
    const { flags } = await this.parse(Snapshot);
    this.changesNothing = true;
    const path = resolve(requirePlainPath(flags.output));
    const { captureHost } = await import('../host/snapshot/capture.ts');
    const { requireFree, writeSnapshot } = await import('../host/snapshot/write.ts');
    const { incomplete, snapshotReport, snapshotText } = await import('../ui/snapshot-report.ts');
    requireFree(path);
    const host = await openHost(flags.host);
    this.tellSynthetic(host.source);
    const capture = await captureHost(host, COLLECTORS, {
      open: flags.open,
      full: flags.full,
      synthetic: flags.synthetic ?? null,
      hostName: host.source.kind === 'local' ? hostname() : null,
      version: this.config.version,
      now: new Date(),
    });
    const report = snapshotReport(path, await writeSnapshot(capture.tree, path), capture);
    const findings = incomplete(capture.unanswered);
    return this.conclude({ result: report, findings, text: snapshotText(report) }, flags.strict);
  }
}
