import type { Finding } from '../checks/check.ts';
import { GhpassError } from '../errors.ts';
import { createGuest, guestCommand } from '../guest/create.ts';
import { journalDirectory, runtimeDirectory } from '../guest/directories.ts';
import { prepareGuest } from '../guest/prepare.ts';
import { openHost } from '../host/open.ts';
import { type GuestRequest, requireGuestName, requireMemorySize } from '../plan/request.ts';
import { GhpassCommand, hostFlag, strictFlag } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { bootOf, deadlineOf, guestFlags, iommufdOf, memoryFlag, placementOf } from '../ui/guest-flags.ts';
import { jsonReady } from '../ui/json-ready.ts';
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
    '<%= config.bin %> create-vm demo --host builtin:gh200 --dry-run --emit argv',
  ];
  static override args = { name: Args.string({ required: true, description: 'name of the guest' }) };
  static override flags = {
    ...hostFlag,
    ...strictFlag,
    ...guestFlags,
    memory: memoryFlag('16G'),
    backend: Flags.option({ options: ['qemu'] as const, default: 'qemu', description: 'what runs the guest' })(),
    disk: Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: 'FILE', description: 'disk image' }),
    kernel: Flags.string({ helpValue: 'FILE', description: 'boot this kernel instead of a disk' }),
    initrd: Flags.string({ helpValue: 'FILE', dependsOn: ['kernel'], description: 'initramfs of the kernel' }),
    append: Flags.string({ helpValue: 'TEXT', dependsOn: ['kernel'], description: 'arguments of the kernel' }),
    open: Flags.boolean({ default: true, allowNo: true, description: 'open the devices through VFIO' }),
    'dry-run': Flags.boolean({ description: 'read and plan, and change nothing' }),
    emit: Flags.option({
      options: ['plan', 'argv'] as const,
      dependsOn: ['dry-run'],
      description: 'what a dry run prints (default plan)',
    })(),
  };

  async run(): Promise<Envelope> {
    const { args, flags } = await this.parse(CreateVm);
    const request: GuestRequest = {
      name: requireGuestName(args.name),
      memoryBytes: requireMemorySize(flags.memory),
      vcpus: flags.vcpus ?? 4,
      accelerator: flags.accel ?? null,
      iommufd: iommufdOf(flags.vfio),
      boot: bootOf(flags),
      placement: placementOf(flags),
    };
    const host = await openHost(flags.host);
    const runtime = runtimeDirectory(process.env);
    if (flags['dry-run']) this.changesNothing = true;
    else if (host.source.kind !== 'local') throw notThisMachine(flags.host);
    const { isPseriesHost, preparePseries, pseriesCommand } = await import('../guest/pseries.ts');
    if (isPseriesHost(host)) {
      const prepared = await preparePseries(host, flags.gpu ?? [], request, { ...flags, start: !flags['dry-run'] });
      this.tellSynthetic(host.source);
      return this.emit(prepared, pseriesCommand(prepared, runtime), flags);
    }
    if (flags['dry-run']) {
      const prepared = await prepareGuest(host, flags.gpu ?? [], request, flags);
      this.tellSynthetic(host.source);
      return this.emit(prepared, guestCommand(prepared, runtime), flags);
    }
    const { plan, findings, guest } = await createGuest(host, {
      addresses: flags.gpu ?? [],
      request,
      bind: flags.bind,
      open: flags.open,
      deadlineMs: deadlineOf(flags.timeout),
      directories: { runtime, journal: journalDirectory(process.env) },
      signal: this.interrupted,
      progress: (line) => this.progress(line),
    });
    const text = guest
      ? `${plan.name} runs: process ${guest.pid}, console ${guest.consoleSocket}, QMP ${guest.qmpSocket}`
      : '';
    return this.conclude({ result: { plan: jsonReady(plan), guest }, findings, text }, flags.strict);
  }

  /** Prints what was planned. */
  private emit(
    prepared: { plan: object; findings: Finding[] },
    argv: string[],
    { emit, strict }: { emit?: string | undefined; strict: boolean },
  ): Envelope {
    const plan = jsonReady(prepared.plan);
    const isArgv = emit === 'argv';
    const text = isArgv ? shellCommand(argv) : JSON.stringify(plan, null, 2);
    return this.conclude({ result: isArgv ? { argv } : { plan }, findings: prepared.findings, text }, strict);
  }
}

function notThisMachine(source: string): GhpassError {
  return new GhpassError('usage', {
    code: 'host.not-local',
    message: `--host ${source}: guests are started on this machine only`,
    suggestions: [`ghpass create-vm … --host ${source} --dry-run`],
  });
}
