import { journalDirectory } from '../guest/directories.ts';
import { recover } from '../guest/life/recover.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { recoverReport, recoverText } from '../ui/recover-report.ts';

export default class Recover extends GhpassCommand {
  static override summary = 'Undo what a killed ghpass left on the host, and say which domains are the old ones.';
  static override examples = ['<%= config.bin %> recover'];

  async run(): Promise<Envelope> {
    await this.parse(Recover);
    const options = { journals: journalDirectory(process.env), progress: (line: string) => this.progress(line) };
    const recovered = (await recover(options)).map(recoverReport);
    const text = recovered.map(recoverText).join('\n') || 'nothing was left behind';
    return this.conclude({ result: { recovered }, findings: [], text }, false);
  }
}
