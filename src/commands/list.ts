import { guestDirectories } from '../guest/directories.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { guestListText } from '../ui/guest-list-text.ts';
import { jsonReady } from '../ui/json-ready.ts';
import { libvirtFlags } from '../ui/libvirt-flags.ts';

export default class List extends GhpassCommand {
  static override summary = 'List the guests of ghpass, and the domains that it gave GPUs to.';
  static override description = [
    'States: running, paused, suspended, ending, panicked, failed, off; gone: it ran, and ended without ghpass, by itself or with the',
    'host; busy: a ghpass works on it; half-done: one was killed there.',
  ].join(' ');
  static override examples = ['<%= config.bin %> list', '<%= config.bin %> list --json'];
  static override flags = { connect: libvirtFlags.connect };

  async run(): Promise<Envelope> {
    const { flags } = await this.parse(List);
    this.changesNothing = true;
    const { listGuests } = await import('../guest/life/known-guests.ts');
    const options = { directories: guestDirectories(process.env), signal: this.interrupted };
    const { guests, findings } = await listGuests(flags.connect, options);
    const text = guestListText(guests, this.paint(process.stdout));
    return this.conclude({ result: { guests: jsonReady(guests) }, findings, text }, false);
  }
}
