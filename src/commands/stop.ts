import { guestDirectories } from '../guest/directories.ts';
import { requireGuestName } from '../plan/request.ts';
import { GhpassCommand } from '../ui/command.ts';
import { isAffirmed } from '../ui/confirm.ts';
import type { Envelope } from '../ui/envelope.ts';
import { confirmationFlags } from '../ui/lifecycle-flags.ts';
import { Args, Flags } from '../ui/oclif.ts';

/** A distribution's guest gives its services 90 s (systemd's DefaultTimeoutStopSec), and then powers off. */
const DEFAULT_SECONDS = 120;

const TEXTS = {
  'was-off': 'was off already',
  'was-gone': 'had ended without ghpass; what was left of it is undone',
  'powered-off': 'powered off',
  ended: 'was ended as if its power were cut',
} as const;

export default class Stop extends GhpassCommand {
  static override summary = 'Ask a guest of create-vm to power off, wait for it, and give back its GPUs.';
  static override description = [
    'A guest that does not power off in time is ended only with --force, or after a yes at a terminal; else it goes on, and the exit',
    'status is 6. --force alone cuts the power at once; with --timeout the guest is asked first. What stays of a guest is not touched:',
    'ghpass start brings it back.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> stop demo',
    '<%= config.bin %> stop demo --timeout 300 --force',
    '<%= config.bin %> stop demo --force',
  ];
  static override args = { name: Args.string({ required: true, description: 'name of the guest' }) };
  static override flags = {
    timeout: Flags.integer({
      min: 1,
      helpValue: 'SECONDS',
      description: `how long the guest may take (default ${DEFAULT_SECONDS})`,
    }),
    force: Flags.boolean({ description: 'cut its power: at once, or after --timeout' }),
    input: confirmationFlags.input,
  };

  async run(): Promise<Envelope> {
    const { args, flags } = await this.parse(Stop);
    const name = requireGuestName(args.name);
    const { stopGuest } = await import('../guest/life/stop-guest.ts');
    const { journal, ...directories } = guestDirectories(process.env);
    const how = await stopGuest(name, {
      ...directories,
      journals: journal,
      command: 'ghpass stop',
      deadlineMs: 1000 * (flags.timeout ?? (flags.force ? 0 : DEFAULT_SECONDS)),
      mayEnd: async (what) => flags.force || (flags.input && !this.jsonEnabled() && (await isAffirmed(what))),
      signal: this.interrupted,
      progress: (line) => this.progress(line),
    });
    return this.conclude({ result: { name, how }, findings: [], text: `${name} ${TEXTS[how]}` }, false);
  }
}
