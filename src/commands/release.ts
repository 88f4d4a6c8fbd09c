import { journalDirectory } from '../guest/directories.ts';
import { releaseGpus } from '../guest/gpus/hold.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args } from '../ui/oclif.ts';

export default class Release extends GhpassCommand {
  static override summary = 'Give GPUs back as they were before ghpass bind.';
  static override examples = ['<%= config.bin %> release 0009:01:00.0'];
  static override strict = false;
  static override args = { address: Args.string({ required: true, description: 'PCI addresses' }) };

  async run(): Promise<Envelope> {
    const { argv } = await this.parse(Release);
    const gpus = await releaseGpus(argv as string[], {
      journals: journalDirectory(process.env),
      progress: (line) => this.progress(line),
    });
    const text = gpus
      .map(({ address, changed }) => `${address} ${changed ? 'is as it was' : 'was not held by ghpass'}`)
      .join('\n');
    return this.conclude({ result: { gpus }, findings: [], text }, false);
  }
}
