import { journalDirectory } from '../guest/directories.ts';
import { recover } from '../guest/hold.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';

export default class Recover extends GhpassCommand {
  static override summary = 'Undo what a killed ghpass left on the host.';
  static override examples = ['<%= config.bin %> recover'];

  async run(): Promise<Envelope> {
    await this.parse(Recover);
    const options = { journals: journalDirectory(process.env), progress: (line: string) => this.progress(line) };
    const recovered = (await recover(options)).map(({ journal: { subject, command, changes }, kept }) => ({
      subject,
      command,
      changes,
      kept,
    }));
    const result = { recovered };
    const text = recovered
      .map(({ subject, command, kept }) =>
        kept ? `${subject}: stays with the guest of ${command}` : `${subject}: what ${command} had changed is undone`,
      )
      .join('\n');
    return this.conclude({ result, findings: [], text: text || 'nothing was left behind' }, false);
  }
}
