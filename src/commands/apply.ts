import { requirePciAddress } from '../host/pci/pci-address.ts';
import { DomainCommand, domainFlags } from '../ui/domain-command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args } from '../ui/oclif.ts';

const { host, strict, connect, profile, managed, vfio, xml, open, diff } = domainFlags;

export default class Apply extends DomainCommand {
  static override summary = 'Give GPUs to a domain in a file or a pipe, and print it.';
  static override description =
    'A filter for other tools: the domain comes in as XML and goes out with the GPUs, applied twice as once. Defines nothing.';
  static override examples = [
    'virsh dumpxml --inactive demo | <%= config.bin %> apply --xml - 0009:01:00.0 > demo.xml',
    '<%= config.bin %> apply --xml domain.xml --host builtin:gh200 --profile fallback',
  ];
  static override strict = false;
  static override args = {
    address: Args.string({ description: 'PCI addresses; the only coherent GPU where none is given' }),
  };
  static override flags = {
    host,
    strict,
    connect,
    profile,
    managed,
    vfio,
    xml: { ...xml, required: true },
    open,
    diff,
  };

  async run(): Promise<Envelope> {
    const { argv, flags } = await this.parse(Apply);
    const { withGpus } = await import('../guest/domain/change-gpus.ts');
    const { openHost } = await import('../host/open.ts');
    const { selectGpus } = await import('../guest/gpus/select-gpus.ts');
    const addresses = (argv as string[]).map(requirePciAddress);
    const { gpus } = await selectGpus(await openHost(flags.host), addresses, { open: false, named: 'by-argument' });
    const choose = withGpus(gpus.map(({ pci }) => pci.address));
    return this.changeDomain(null, choose, { ...flags, 'dry-run': true, yes: false, input: false });
  }
}
