import { guestsDirectory, journalDirectory } from '../guest/directories.ts';
import { requireGuestName } from '../plan/request.ts';
import { GhpassCommand } from '../ui/command.ts';
import { requireConfirmation } from '../ui/confirm.ts';
import { deletionText } from '../ui/deletion-text.ts';
import type { Envelope } from '../ui/envelope.ts';
import { confirmationFlags } from '../ui/lifecycle-flags.ts';
import { Args } from '../ui/oclif.ts';

export default class Delete extends GhpassCommand {
  static override summary =
    'End a guest of create-vm and remove what was made for it; disks that ghpass did not make stay.';
  static override description = [
    'Shows each process, domain, binding and file that goes, and asks. A guest that runs is ended without asking it first: stop it',
    'before, where its data matter. What is half deleted is deleted whole.',
  ].join(' ');
  static override examples = ['<%= config.bin %> delete demo', '<%= config.bin %> delete demo --yes'];
  static override args = { name: Args.string({ required: true, description: 'name of the guest' }) };
  static override flags = confirmationFlags;

  async run(): Promise<Envelope> {
    const { args, flags } = await this.parse(Delete);
    const name = requireGuestName(args.name);
    const { planDeletion, deleteGuest } = await import('../guest/life/delete-guest.ts');
    const options = {
      journals: journalDirectory(process.env),
      guests: guestsDirectory(process.env),
      command: 'ghpass delete',
      progress: (line: string) => this.progress(line),
    };
    const deletion = planDeletion(name, options);
    const { running, removed, stays } = deletion;
    if (!flags.yes && flags.input && process.stdin.isTTY) process.stderr.write(`${deletionText(deletion)}\n`);
    await requireConfirmation(flags.yes, {
      what: `${name} ${running ? 'runs: it would be ended without asking it first' : 'would be removed'}`,
      command: `ghpass delete ${name} --yes`,
      mayAsk: flags.input,
    });
    await deleteGuest(name, options);
    const text = `${name} is gone; ${stays.length > 0 ? `these stay: ${stays.join(', ')}` : 'it had no disks of others'}`;
    return this.conclude({ result: { name, removed, stays }, findings: [], text }, false);
  }
}
