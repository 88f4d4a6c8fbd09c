import { journalDirectory } from '../guest/directories.ts';
import { bindGpus } from '../guest/gpus/hold.ts';
import { localHost } from '../host/local.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args, Flags } from '../ui/oclif.ts';

export default class Bind extends GhpassCommand {
  static override summary = 'Bind GPUs to the variant driver, until they are released.';
  static override examples = ['<%= config.bin %> bind 0009:01:00.0'];
  static override strict = false;
  static override args = { address: Args.string({ required: true, description: 'PCI addresses' }) };

  static override flags = {
    wait: Flags.integer({
      min: 0,
      default: 30,
      helpValue: 'SECONDS',
      description: 'how long to wait for memory of the GPU that the host still uses',
    }),
  };

  async run(): Promise<Envelope> {
    const { argv, flags } = await this.parse(Bind);
    const gpus = await bindGpus(localHost(), argv as string[], {
      journals: journalDirectory(process.env),
      waitMs: flags.wait * 1000,
      progress: (line) => this.progress(line),
    });
    const text = gpus
      .map(({ address, changed }) => `${address} ${changed ? 'is bound' : 'was bound already'}`)
      .join('\n');
    return this.conclude({ result: { gpus }, findings: [], text }, false);
  }
}
