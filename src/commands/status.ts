import { guestDirectories } from '../guest/directories.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { guestStatusText } from '../ui/guest-list-text.ts';
import { jsonReady } from '../ui/json-ready.ts';
import { libvirtFlags } from '../ui/libvirt-flags.ts';
import { Args } from '../ui/oclif.ts';

export default class Status extends GhpassCommand {
  static override summary = 'Show what is known of one guest: state, process, GPUs, files, journals, what to do next.';
  static override examples = ['<%= config.bin %> status demo', '<%= config.bin %> status demo --json'];
  static override args = { vm: Args.string({ required: true, description: 'name of the guest or domain' }) };
  static override flags = { connect: libvirtFlags.connect };

  async run(): Promise<Envelope> {
    const { args, flags } = await this.parse(Status);
    this.changesNothing = true;
    const { guestStatus } = await import('../guest/life/guest-status.ts');
    const options = { directories: guestDirectories(process.env), signal: this.interrupted };
    const { findings, ...status } = await guestStatus(args.vm, flags.connect, options);
    const text = guestStatusText({ ...status, findings }, this.paint(process.stdout));
    return this.conclude({ result: jsonReady(status), findings, text }, false);
  }
}
