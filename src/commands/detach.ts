import { DomainCommand, domainFlags, readWords } from '../ui/domain-command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args } from '../ui/oclif.ts';

export default class Detach extends DomainCommand {
  static override summary = 'Take GPUs of ghpass out of a domain of libvirt, nodes and window included.';
  static override description = [
    'Takes away all that attach or create-vm had added for them; without addresses, for all of them. A running guest',
    'keeps them until it is started anew: QEMU would end at a reboot if the device went before its nodes.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> detach demo 0009:01:00.0 --yes',
    '<%= config.bin %> detach demo --diff',
  ];
  static override strict = false;
  static override args = {
    vm: Args.string({ description: 'name of the domain (not with --xml), then PCI addresses of the GPUs' }),
  };
  static override flags = domainFlags;

  async run(): Promise<Envelope> {
    const { argv, flags } = await this.parse(Detach);
    const { name, addresses } = readWords(argv as string[], flags.xml);
    const { withoutGpus } = await import('../guest/domain/change-gpus.ts');
    return this.changeDomain(name, addresses.length === 0 ? () => [] : withoutGpus(name, addresses), flags);
  }
}
