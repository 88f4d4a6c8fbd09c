import { assess } from '../checks/check.ts';
import { vfioBusy, vfioOpenFailed, vfioPerms } from '../checks/device/vfio-open.ts';
import { localHost } from '../host/local.ts';
import { requirePciAddress } from '../host/pci/pci-address.ts';
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

    const collected = await collectGpus(localHost(), addresses, { open: true });
    const { host, gpus } = collected;
    const { validateEach } = await import('../guest/gpus/validate-memory.ts');
    const { memoryReport } = await import('../ui/memory-report.ts');
    const { memoryProgressText, memoryText } = await import('../ui/memory-text.ts');
    const validated = await validateEach(collected, {
      mode: 'scrub',
      signal: this.interrupted,
      progress: (address, progress) => this.progress(memoryProgressText(address, progress)),
    });
    const findings = gpus.flatMap((gpu, i) => [
      ...assess([vfioPerms, vfioBusy, vfioOpenFailed], { host, gpu, gpus }),
      ...(validated[i]?.findings ?? []),
    ]);
    const reports = validated.map(({ validation }) => memoryReport(validation));
    const result = { gpus: gpus.map(({ pci }, i) => ({ address: pci.address, memory: reports[i] })) };
    const text = gpus.map(({ pci }, i) => `${pci.address}  ${reports[i] && memoryText(reports[i])}`).join('\n');
    return this.conclude({ result, findings, text }, false);
  }
}
