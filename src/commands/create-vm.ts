import { join } from 'node:path';
import type { Finding } from '../checks/check.ts';
import { GhpassError } from '../errors.ts';
import { guestDirectories } from '../guest/directories.ts';
import { inspectDisks, withMadeDisks } from '../guest/image/disks.ts';
import { createGuest, guestCommand } from '../guest/life/create.ts';
import { prepareGuest } from '../guest/life/prepare.ts';
import { openHost } from '../host/open.ts';
import { type GuestRequest, requireGuestName, requireMemorySize } from '../plan/request.ts';
import { backendFlags, libvirtOf } from '../ui/backend.ts';
import { GhpassCommand, hostFlag, strictFlag } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { bootOf, deadlineOf, guestFlags, iommufdOf, memoryFlag, placementOf } from '../ui/guest-flags.ts';
import { disksToMakeOf, imageFlags } from '../ui/image-flags.ts';
import { jsonReady } from '../ui/json-ready.ts';
import { networkFlags, networkOf } from '../ui/network-flags.ts';
import { Args, Flags } from '../ui/oclif.ts';
import { shellCommand } from '../ui/shell-quote.ts';

export default class CreateVm extends GhpassCommand {
  static override summary = 'Plan a guest around coherent GPUs, and start it.';
  static override description = [
    'Asks the GPUs, plans nodes, PCI topology and MMIO window from the answers, starts QEMU and waits until',
    'the guest runs. --dry-run reads and plans all the same, and changes nothing.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> create-vm demo --gpu 0009:01:00.0 --memory 64G --vcpus 16 --disk demo.qcow2',
    '<%= config.bin %> create-vm demo --image debian-13-arm64.qcow2 --disk-size 100G --ssh-key ~/.ssh/id_ed25519.pub --forward 2222:22',
    '<%= config.bin %> create-vm demo --backend libvirt --image debian-13-arm64.qcow2 --user-data user-data --network network=default',
    '<%= config.bin %> create-vm demo --host builtin:gh200 --dry-run --emit argv',
    '<%= config.bin %> create-vm demo --host builtin:gh200 --dry-run --emit xml',
  ];
  static override args = { name: Args.string({ required: true, description: 'name of the guest' }) };
  static override flags = {
    ...hostFlag,
    ...strictFlag,
    ...guestFlags,
    memory: memoryFlag('16G'),
    ...backendFlags,
    disk: Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: 'FILE', description: 'disk image' }),
    kernel: Flags.string({ helpValue: 'FILE', description: 'boot this kernel instead of a disk' }),
    initrd: Flags.string({ helpValue: 'FILE', dependsOn: ['kernel'], description: 'initramfs of the kernel' }),
    append: Flags.string({ helpValue: 'TEXT', dependsOn: ['kernel'], description: 'arguments of the kernel' }),
    ...imageFlags,
    ...networkFlags,
    open: Flags.boolean({ default: true, allowNo: true, description: 'open the devices through VFIO' }),
    'dry-run': Flags.boolean({ description: 'read and plan, and change nothing' }),
    emit: Flags.option({
      options: ['plan', 'xml', 'argv'] as const,
      dependsOn: ['dry-run'],
      description: 'what a dry run prints (default plan); xml is a domain of libvirt, argv what QEMU gets',
    })(),
  };

  async run(): Promise<Envelope> {
    const { args, flags } = await this.parse(CreateVm);
    const name = requireGuestName(args.name);
    const directories = guestDirectories(process.env);
    const disks = disksToMakeOf(name, flags);
    const backend = flags.backend ?? (flags.emit === 'xml' ? 'libvirt' : 'qemu');
    const request: GuestRequest = {
      name,
      memoryBytes: requireMemorySize(flags.memory),
      vcpus: flags.vcpus ?? 4,
      accelerator: flags.accel ?? null,
      iommufd: iommufdOf(flags.vfio),
      boot: withMadeDisks(bootOf(flags), disks, join(directories.guests, name)),
      network: networkOf(flags, { fallback: flags.image === undefined ? 'none' : 'user', backend }),
      placement: placementOf(flags),
    };
    const libvirt = libvirtOf({ ...flags, backend });
    if (libvirt ? flags.emit === 'argv' : flags.emit === 'xml') throw otherBackend(flags.emit);
    const host = await openHost(flags.host);
    if (flags['dry-run']) this.changesNothing = true;
    else if (host.source.kind !== 'local') throw notThisMachine(flags.host);
    const { isPseriesHost, preparePseries, pseriesCommand } = await import('../guest/pseries.ts');
    if (isPseriesHost(host)) {
      if (libvirt) throw noPseriesDomain();
      const prepared = await preparePseries(host, flags.gpu ?? [], request, { ...flags, start: !flags['dry-run'] });
      this.tellSynthetic(host.source);
      return this.show(prepared, { argv: pseriesCommand(prepared, directories.runtime) }, flags);
    }
    if (disks.image && !hasLogin(flags)) this.progress(NO_LOGIN);
    if (flags['dry-run'] && host.source.kind === 'local') await inspectDisks(disks, this.interrupted);
    const given = { addresses: flags.gpu ?? [], request, bind: flags.bind, open: flags.open };
    if (flags['dry-run'] && libvirt) {
      const { prepareDomain, domainXml } = await import('../guest/domain/create-domain.ts');
      const prepared = await prepareDomain(host, { ...given, ...libvirt, dryRun: true });
      this.tellSynthetic(host.source);
      return this.show(prepared, { xml: domainXml(prepared, libvirt, null) }, flags);
    }
    if (flags['dry-run']) {
      const prepared = await prepareGuest(host, flags.gpu ?? [], request, flags);
      this.tellSynthetic(host.source);
      return this.show(prepared, { argv: guestCommand(prepared, directories) }, flags);
    }
    const options = {
      ...given,
      deadlineMs: deadlineOf(flags.timeout),
      directories,
      disks,
      signal: this.interrupted,
      progress: (line: string) => this.progress(line),
    };
    if (libvirt) {
      const { createDomain } = await import('../guest/domain/create-domain.ts');
      const { plan, findings, domain } = await createDomain(host, { ...options, ...libvirt });
      const text = domain
        ? `${domain.name} runs: domain ${domain.uuid} at ${domain.uri}, console ${domain.consoleLog}`
        : '';
      return this.conclude({ result: { plan: jsonReady(plan), domain }, findings, text }, flags.strict);
    }
    const { plan, findings, guest } = await createGuest(host, options);
    const text = guest
      ? `${plan.name} runs: process ${guest.pid}, console ${guest.consoleSocket}, QMP ${guest.qmpSocket}`
      : '';
    return this.conclude({ result: { plan: jsonReady(plan), guest }, findings, text }, flags.strict);
  }

  /** Prints what was planned: the plan, or what it is rendered to. */
  private show(
    prepared: { plan: object; findings: Finding[] },
    rendered: { argv: string[] } | { xml: string },
    { emit = 'plan', strict }: { emit?: string | undefined; strict: boolean },
  ): Envelope {
    const result = emit === 'plan' ? { plan: jsonReady(prepared.plan) } : rendered;
    return this.conclude({ result, findings: prepared.findings, text: textOf(result) }, strict);
  }
}

const NO_LOGIN = 'neither --ssh-key nor --user-data nor --cloud-init is given: most images let nobody log in then';

function hasLogin(flags: { [flag in 'ssh-key' | 'user-data' | 'cloud-init']?: unknown }): boolean {
  return [flags['ssh-key'], flags['user-data'], flags['cloud-init']].some((given) => given !== undefined);
}

function textOf(result: { plan: unknown } | { argv: string[] } | { xml: string }): string {
  if ('argv' in result) return shellCommand(result.argv);
  return 'xml' in result ? result.xml.trimEnd() : JSON.stringify(result.plan, null, 2);
}

function otherBackend(emit: 'argv' | 'xml' | 'plan' | undefined): GhpassError {
  const isArgv = emit === 'argv';
  return new GhpassError('usage', {
    code: 'usage',
    message: isArgv
      ? '--emit argv is what ghpass gives QEMU itself; libvirt makes its own of the domain'
      : '--emit xml is a domain of libvirt, and --backend qemu has none',
    suggestions: isArgv
      ? [
          '--emit xml',
          'ghpass create-vm … --dry-run --emit xml > vm.xml && virsh domxml-to-native qemu-argv --xml vm.xml',
        ]
      : ['--backend libvirt --emit xml', '--emit argv'],
  });
}

function noPseriesDomain(): GhpassError {
  return new GhpassError('usage', {
    code: 'usage',
    message: 'a guest on POWER9 is planned for QEMU alone, not for a domain of libvirt',
    suggestions: ['--backend qemu --emit argv'],
  });
}

function notThisMachine(source: string): GhpassError {
  return new GhpassError('usage', {
    code: 'host.not-local',
    message: `--host ${source}: guests are started on this machine only`,
    suggestions: [`ghpass create-vm … --host ${source} --dry-run`],
  });
}
