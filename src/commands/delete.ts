import { GhpassError } from '../errors.ts';
import { journalDirectory } from '../guest/directories.ts';
import { deleteGuest } from '../guest/hold.ts';
import { requireGuestName } from '../plan/request.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args, Flags } from '../ui/oclif.ts';

export default class Delete extends GhpassCommand {
  static override summary = 'End a guest of create-vm and remove what was made for it; its disks stay.';
  static override examples = ['<%= config.bin %> delete demo --yes'];
  static override args = { name: Args.string({ required: true, description: 'name of the guest' }) };
  static override flags = { yes: Flags.boolean({ description: 'yes, end the guest without asking it first' }) };

  async run(): Promise<Envelope> {
    const { args, flags } = await this.parse(Delete);
    const name = requireGuestName(args.name);
    if (!flags.yes) {
      throw new GhpassError('usage', {
        code: 'confirmation-missing',
        message: `${name} would be ended without asking it first`,
        suggestions: [`ghpass delete ${name} --yes`],
      });
    }
    await deleteGuest(name, { journals: journalDirectory(process.env), progress: (line) => this.progress(line) });
    return this.conclude(
      { result: { name }, findings: [], text: `${name} is gone; its disks are where they were` },
      false,
    );
  }
}
