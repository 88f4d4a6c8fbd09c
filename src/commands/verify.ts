import { writeFileSync } from 'node:fs';
import { guestDirectories } from '../guest/directories.ts';
import type { Via } from '../guest/proof/verify-running.ts';
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
    'Reads what a running guest sees, and compares it with the plan line by line: generic initiators, nodes, BARs, distances.',
    'Asks the guest agent, which only reads files; where there is none, takes the last report on the console, which the smoke',
    'initramfs writes, and a cloud image that was started with a seed of ghpass. Looks also at what NVIDIA’s driver in the',
    'guest says, if it is loaded.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> verify demo',
    '<%= config.bin %> verify demo --via agent',
    '<%= config.bin %> verify demo --junit demo.xml',
  ];
  static override args = { vm: Args.string({ required: true, description: 'name of the guest or domain' }) };
  static override flags = {
    ...strictFlag,
    connect: libvirtFlags.connect,
    via: Flags.string({
      options: ['auto', 'agent', 'console'],
      default: 'auto',
      description: 'how the guest is asked: by its agent, by its console, or by the first of them that answers',
    }),
    junit: Flags.string({ helpValue: 'FILE', description: 'write the comparison as JUnit XML, too' }),
  };

  async run(): Promise<Envelope> {
    const { args, flags } = await this.parse(Verify);
    this.changesNothing = true;
    const { verifyRunning } = await import('../guest/proof/verify-running.ts');
    const { plan, comparisons, via, driver, findings } = await verifyRunning(localHost(), args.vm, {
      ...guestDirectories(process.env),
      connect: flags.connect,
      via: flags.via as 'auto' | Via,
      signal: this.interrupted,
      progress: (line) => this.progress(line),
    });
    if (flags.junit !== undefined) {
      const { junitReport } = await import('../ui/junit.ts');
      writeFileSync(flags.junit, junitReport('ghpass verify', comparisons, findings));
    }
    const paint = this.paint(process.stdout);
    const text = [comparisonText(comparisons, paint), paint.dim(`asked by the ${via}`)].join('\n');
    const result = { plan: jsonReady(plan), comparisons, via, driver: jsonReady(driver) };
    return this.conclude({ result, findings, text }, flags.strict);
  }
}
