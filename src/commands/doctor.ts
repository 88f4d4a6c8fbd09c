import { openHost } from '../host/open.ts';
import { GhpassCommand, hostFlag, strictFlag } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Flags } from '../ui/oclif.ts';

export default class Doctor extends GhpassCommand {
  static override summary = 'Check everything that a host with coherent GPUs needs to give them to a guest.';
  static override description = [
    'Looks at the kernel, the IOMMU, memory, each GPU, and the plan of a plain guest with all of them. It changes nothing and',
    'opens no device, because that would reset it: probe does. A check that cannot see what it needs says so.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --checks kernel.page-size,iommu.group-missing --json',
    '<%= config.bin %> doctor --skip kernel.page-size --reason "4 KiB pages are wanted here"',
  ];
  static override flags = {
    ...hostFlag,
    ...strictFlag,
    checks: Flags.string({ helpValue: 'ID,…', description: 'run these checks only' }),
    skip: Flags.string({ helpValue: 'ID,…', description: 'do not run these checks' }),
    reason: Flags.string({
      helpValue: 'TEXT',
      dependsOn: ['skip'],
      description: 'why checks are skipped; kept with the result',
    }),
    open: Flags.boolean({
      allowNo: true,
      description: 'open the devices through VFIO, which resets those of this machine; by default only of a capture',
    }),
    'list-checks': Flags.boolean({ description: 'list the checks, and look at no host' }),
  };

  async run(): Promise<Envelope> {
    const { flags } = await this.parse(Doctor);
    this.changesNothing = true;
    // Only this command knows all checks, and oclif loads this file to show the help.
    const { selectChecks } = await import('../checks/select.ts');
    const selection = selectChecks(flags.checks, flags.skip, flags.reason ?? '--skip was given');
    const { doctorReport, listReport } = await import('../ui/doctor-report.ts');
    if (flags['list-checks']) return this.conclude(listReport(selection), false);
    const { diagnose } = await import('../guest/doctor.ts');
    const diagnosis = await diagnose(await openHost(flags.host), selection, flags.open);
    this.tellSynthetic(diagnosis.host.source);
    const hasGpus = diagnosis.outcomes.some(({ subject }) => subject !== null);
    if (hasGpus && !diagnosis.opened) {
      this.progress('the devices are not opened, so their sizes are predicted; ghpass probe asks them');
    }
    // Here a missing tool is what was looked for, and not what kept ghpass from looking.
    return this.conclude(doctorReport(diagnosis, this.paint(process.stdout)), flags.strict, new Map());
  }
}
