import { GhpassError } from '../errors.ts';
import { shellWord } from '../host/shell-word.ts';
import { DomainCommand, domainFlags, readWords } from '../ui/domain-command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args } from '../ui/oclif.ts';

export default class Attach extends DomainCommand {
  static override summary = 'Give GPUs to a domain of libvirt: devices, root ports, nodes, MMIO window.';
  static override description = [
    'Plans around what the domain has, shows the difference, and defines it anew after a question; what is not ghpass’s stays',
    'as it is. A running guest gets the GPUs at its next boot, because its nodes are fixed until then.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> attach demo 0009:01:00.0 --diff',
    '<%= config.bin %> attach demo 0009:01:00.0 --yes',
    '<%= config.bin %> attach --xml domain.xml 0009:01:00.0 --dry-run --emit xml',
  ];
  static override strict = false;
  static override args = {
    vm: Args.string({ description: 'name of the domain (not with --xml), then PCI addresses of the GPUs' }),
  };
  static override flags = domainFlags;

  async run(): Promise<Envelope> {
    const { argv, flags } = await this.parse(Attach);
    const { name, addresses } = readWords(argv as string[], flags.xml);
    if (addresses.length === 0) throw noAddress(name);
    const { withGpus } = await import('../guest/domain/change-gpus.ts');
    return this.changeDomain(name, withGpus(addresses), flags);
  }
}

function noAddress(name: string | null): GhpassError {
  const message = `no GPU is named for ${name ?? 'the domain'}`;
  const suggestions =
    name === null
      ? ['ghpass attach --xml FILE 0009:01:00.0', 'ghpass apply --xml FILE   # the only GPU of the host']
      : [`ghpass attach ${shellWord(name)} 0009:01:00.0`, `virsh console ${shellWord(name)}   # its console`];
  return new GhpassError('usage', { code: 'usage', message, suggestions: ['ghpass probe', ...suggestions] });
}
