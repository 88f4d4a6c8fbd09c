import { assess } from '../checks/check.ts';
import { vfioBusy, vfioOpenFailed, vfioPerms } from '../checks/device/vfio-open.ts';
import { localHost } from '../host/local.ts';
import { requirePciAddress } from '../host/pci-address.ts';
import { GhpassCommand } from '../ui/command.ts';
import { requireConfirmation } from '../ui/confirm.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args, Flags } from '../ui/oclif.ts';
import { collectGpus } from '../vfio/collect.ts';

export default class Scrub extends GhpassCommand {
  static override summary = 'Write zeros over the coherent memory of GPUs, and prove it.';
  static override description = [
    'Opens each GPU through VFIO, which resets it and fails where somebody else has it, writes zeros over all of its coherent',
    'memory, reserved and usable, and reads every byte back: what a provider does between two tenants. The GPU has to be bound',
    '(`ghpass bind`).',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> scrub 0009:01:00.0',
    '<%= config.bin %> scrub 0009:01:00.0 --destructive --json',
  ];
  static override strict = false;
  static override args = { address: Args.string({ required: true, description: 'PCI addresses' }) };
  static override flags = { destructive: Flags.boolean({ description: 'yes, overwrite the memory without asking' }) };

  async run(): Promise<Envelope> {
    const { flags, argv } = await this.parse(Scrub);
    this.changesNothing = true;
    const addresses = (argv as string[]).map(requirePciAddress);
    await requireConfirmation(flags.destructive, {
      what: `all that is in the memory of ${addresses.join(', ')} will be lost`,
      command: `ghpass scrub ${addresses.join(' ')} --destructive`,
    });
    this.changesNothing = false;

    const { host, gpus } = await collectGpus(localHost(), addresses, { open: true });
    const { validateEach } = await import('../ui/memory-run.ts');
    const validated = await validateEach(gpus, 'scrub', this.interrupted, (line) => this.progress(line));
    const findings = gpus.flatMap((gpu, i) => [
      ...assess([vfioPerms, vfioBusy, vfioOpenFailed], { host, gpu, gpus }),
      ...(validated[i]?.findings ?? []),
    ]);
    const result = { gpus: gpus.map(({ pci }, i) => ({ address: pci.address, memory: validated[i]?.report })) };
    const text = gpus.map(({ pci }, i) => `${pci.address}  ${validated[i]?.text}`).join('\n');
    return this.conclude({ result, findings, text }, false);
  }
}
