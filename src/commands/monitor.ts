import { guestDirectories } from '../guest/directories.ts';
import { localHost } from '../host/local.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { libvirtFlags } from '../ui/libvirt-flags.ts';
import { Args, Flags } from '../ui/oclif.ts';

export default class Monitor extends GhpassCommand {
  static override summary = 'Watch guests: state, load, memory, events and console.';
  static override description = [
    'On a terminal, a screen that goes on until q; elsewhere and with --json, what is seen as JSON, one object a line.',
    'A guest that dies is said so, and picked up again when it comes back.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> monitor demo',
    '<%= config.bin %> monitor demo web --json | jq --unbuffered \'select(.type == "state")\'',
    '<%= config.bin %> monitor demo --once   # one look; exit 1 where something is wrong',
  ];
  static override strict = false;
  static override args = { vm: Args.string({ required: true, description: 'names of guests or domains' }) };
  static override flags = {
    connect: libvirtFlags.connect,
    once: Flags.boolean({ description: 'look once, print it, and end', exclusive: ['until-gone'] }),
    'until-gone': Flags.boolean({ description: 'end when all of the guests are off or have died' }),
  };
  protected override readonly isStream = !this.argv.includes('--once');

  async run(): Promise<Envelope | undefined> {
    const { argv, flags } = await this.parse(Monitor);
    const { findGuest } = await import('../guest/life/find-guest.ts');
    const { monitor } = await import('../ui/monitor/monitor.ts');
    const directories = guestDirectories(process.env);
    const options = { ...directories, connect: flags.connect, signal: this.interrupted };
    const guests = await Promise.all(
      [...new Set(argv as string[])].map((name) => findGuest(localHost(), name, options)),
    );
    const io = { paint: this.paint(process.stdout), isJson: this.jsonEnabled(), signal: this.interrupted };
    if (flags.once) {
      const { look } = await import('../ui/monitor/once.ts');
      return this.conclude(await look(guests, io), false);
    }
    process.exitCode = await monitor(guests, { ...io, untilGone: flags['until-gone'] });
    return undefined;
  }

  /** Lines were printed as they came. */
  override logJson(document: unknown): void {
    if (document !== undefined) super.logJson(document);
  }
}
