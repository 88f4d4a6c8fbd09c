import { guestDirectories } from '../guest/directories.ts';
import { localHost } from '../host/local.ts';
import { requireGuestName } from '../plan/request.ts';
import { GhpassCommand, strictFlag } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { deadlineOf, guestFlags } from '../ui/guest-flags.ts';
import { jsonReady } from '../ui/json-ready.ts';
import { Args } from '../ui/oclif.ts';

export default class Start extends GhpassCommand {
  static override summary = 'Start a guest of create-vm again.';
  static override description = [
    'Asks the GPUs and plans anew from what create-vm was asked for, because kernel, firmware and devices may have changed since.',
    'GPUs are bound again where create-vm had --bind. What is left of a run that ended without ghpass is undone first.',
  ].join(' ');
  static override examples = ['<%= config.bin %> start demo', '<%= config.bin %> start demo --timeout 600'];
  static override args = { name: Args.string({ required: true, description: 'name of the guest' }) };
  static override flags = { ...strictFlag, timeout: guestFlags.timeout };

  async run(): Promise<Envelope> {
    const { args, flags } = await this.parse(Start);
    const name = requireGuestName(args.name);
    const { startGuest } = await import('../guest/life/start-guest.ts');
    const { plan, findings, guest } = await startGuest(localHost(), name, {
      directories: guestDirectories(process.env),
      deadlineMs: deadlineOf(flags.timeout),
      signal: this.interrupted,
      progress: (line) => this.progress(line),
    });
    const text = guest === null ? '' : `${name} runs: ${whereOf(guest)}`;
    return this.conclude({ result: { plan: jsonReady(plan), guest }, findings, text }, flags.strict);
  }
}

function whereOf(
  guest: { pid: number; consoleSocket: string; qmpSocket: string } | { domain: { uuid: string; uri: string } },
) {
  if ('domain' in guest) return `domain ${guest.domain.uuid} at ${guest.domain.uri}`;
  return `process ${guest.pid}, console ${guest.consoleSocket}, QMP ${guest.qmpSocket}`;
}
