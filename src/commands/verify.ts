import { writeFileSync } from 'node:fs';
import { guestsDirectory, runtimeDirectory } from '../guest/directories.ts';
import { localHost } from '../host/local.ts';
import { GhpassCommand, strictFlag } from '../ui/command.ts';
import { comparisonText } from '../ui/comparison-text.ts';
import type { Envelope } from '../ui/envelope.ts';
import { jsonReady } from '../ui/json-ready.ts';
import { libvirtFlags } from '../ui/libvirt-flags.ts';
import { Args, Flags } from '../ui/oclif.ts';

export default class Verify extends GhpassCommand {
  static override summary = 'Hold what a running guest sees against its plan.';
  static override description = [
    'Reads the last report on the console of a guest that boots ghpass’s initramfs, and compares it with the plan line by line:',
    'generic initiators, nodes, BARs, distances.',
  ].join(' ');
  static override examples = ['<%= config.bin %> verify demo', '<%= config.bin %> verify demo --junit demo.xml'];
  static override args = { vm: Args.string({ required: true, description: 'name of the guest or domain' }) };
  static override flags = {
    ...strictFlag,
    connect: libvirtFlags.connect,
    junit: Flags.string({ helpValue: 'FILE', description: 'write the comparison as JUnit XML, too' }),
  };

  async run(): Promise<Envelope> {
    const { args, flags } = await this.parse(Verify);
    this.changesNothing = true;
    const { verifyRunning } = await import('../guest/verify-running.ts');
    const { plan, comparisons, findings } = await verifyRunning(localHost(), args.vm, {
      runtime: runtimeDirectory(process.env),
      guests: guestsDirectory(process.env),
      connect: flags.connect,
      signal: this.interrupted,
    });
    if (flags.junit !== undefined) {
      const { junitReport } = await import('../ui/junit.ts');
      writeFileSync(flags.junit, junitReport('ghpass verify', comparisons, findings));
    }
    const text = comparisonText(comparisons, this.paint(process.stdout));
    return this.conclude({ result: { plan: jsonReady(plan), comparisons }, findings, text }, flags.strict);
  }
}
