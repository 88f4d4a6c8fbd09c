import { journalDirectory } from '../guest/directories.ts';
import { recover } from '../guest/hold.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';

export default class Recover extends GhpassCommand {
  static override summary = 'Undo what a killed ghpass left on the host.';
  static override examples = ['<%= config.bin %> recover'];

  async run(): Promise<Envelope> {
    await this.parse(Recover);
    const undone = await recover(journalDirectory(process.env));
    const result = { recovered: undone.map(({ subject, command, changes }) => ({ subject, command, changes })) };
    const text = undone.map(({ subject, command }) => `${subject}: what ${command} had changed is undone`).join('\n');
    return this.conclude({ result, findings: [], text: text || 'nothing was left behind' }, false);
  }
}
