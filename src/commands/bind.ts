import { journalDirectory } from '../guest/directories.ts';
import { bindGpus } from '../guest/hold.ts';
import { localHost } from '../host/local.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args } from '../ui/oclif.ts';

export default class Bind extends GhpassCommand {
  static override summary = 'Bind GPUs to the variant driver, until they are released.';
  static override examples = ['<%= config.bin %> bind 0009:01:00.0'];
  static override strict = false;
  static override args = { address: Args.string({ required: true, description: 'PCI addresses' }) };

  async run(): Promise<Envelope> {
    const { argv } = await this.parse(Bind);
    const gpus = await bindGpus(localHost(), argv as string[], journalDirectory(process.env));
    const text = gpus
      .map(({ address, changed }) => `${address} ${changed ? 'is bound' : 'was bound already'}`)
      .join('\n');
    return this.conclude({ result: { gpus }, findings: [], text }, false);
  }
}
