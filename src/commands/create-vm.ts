import { join } from 'node:path';
import { guestDirectories } from '../guest/directories.ts';
import type { DomainChoice } from '../guest/domain/create-domain.ts';
import { withMadeDisks } from '../guest/image/disks.ts';
import { type CreateOptions, createGuest } from '../guest/life/create.ts';
import type { PlannedGuest } from '../guest/plan-only.ts';
import type { Host } from '../host/host.ts';
import { openHost } from '../host/open.ts';
import { type GuestRequest, requireGuestName, requireMemorySize } from '../plan/request.ts';
import { backendFlags, libvirtOf } from '../ui/backend.ts';
import { GhpassCommand, hostFlag, strictFlag } from '../ui/command.ts';
import { adviceOnLogin, noPseriesDomain, notThisMachine, requireRendering } from '../ui/create-vm-usage.ts';
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
    requireRendering(backend, flags.emit);
    const host = await openHost(flags.host);
    const isDryRun = flags['dry-run'];
    if (isDryRun) this.changesNothing = true;
    else if (host.source.kind !== 'local') throw notThisMachine(flags.host);
    const given = { addresses: flags.gpu ?? [], request, bind: flags.bind, open: flags.open, directories };
    const { planOnly, planPseriesOnly } = await import('../guest/plan-only.ts');
    const { isPseriesHost } = await import('../guest/pseries.ts');
    if (isPseriesHost(host)) {
      if (libvirt) throw noPseriesDomain();
      return this.show(host, await planPseriesOnly(host, { ...given, start: !isDryRun }), flags);
    }
    const advice = adviceOnLogin(flags);
    if (advice !== null) this.progress(advice);
    const options = {
      ...given,
      deadlineMs: deadlineOf(flags.timeout),
      disks,
      signal: this.interrupted,
      progress: (line: string) => this.progress(line),
    };
    if (isDryRun) return this.show(host, await planOnly(host, options, libvirt), flags);
    return libvirt ? this.createDomain(host, { ...options, ...libvirt }, flags) : this.create(host, options, flags);
  }

  /** Prints what was planned: the plan, or what it is rendered to. */
  private show(host: Host, planned: PlannedGuest, { emit = 'plan', strict }: ShowFlags): Envelope {
    this.tellSynthetic(host.source);
    const result = emit === 'plan' ? { plan: jsonReady(planned.plan) } : planned.rendered;
    return this.conclude({ result, findings: planned.findings, text: textOf(result) }, strict);
  }

  private async create(host: Host, options: CreateOptions, { strict }: { strict: boolean }): Promise<Envelope> {
    const { plan, findings, guest } = await createGuest(host, options);
    const text = guest
      ? `${plan.name} runs: process ${guest.pid}, console ${guest.consoleSocket}, QMP ${guest.qmpSocket}`
      : '';
    return this.conclude({ result: { plan: jsonReady(plan), guest }, findings, text }, strict);
  }

  private async createDomain(
    host: Host,
    options: CreateOptions & DomainChoice,
    { strict }: { strict: boolean },
  ): Promise<Envelope> {
    const { createDomain } = await import('../guest/domain/create-domain.ts');
    const { plan, findings, domain } = await createDomain(host, options);
    const text = domain
      ? `${domain.name} runs: domain ${domain.uuid} at ${domain.uri}, console ${domain.consoleLog}`
      : '';
    return this.conclude({ result: { plan: jsonReady(plan), domain }, findings, text }, strict);
  }
}

interface ShowFlags {
  emit?: 'plan' | 'xml' | 'argv' | undefined;
  strict: boolean;
}

function textOf(result: { plan: unknown } | PlannedGuest['rendered']): string {
  if ('argv' in result) return shellCommand(result.argv);
  return 'xml' in result ? result.xml.trimEnd() : JSON.stringify(result.plan, null, 2);
}
