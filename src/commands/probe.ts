import { assess } from '../checks/check.ts';
import { DEVICE_CHECKS } from '../checks/device/index.ts';
import { openHost } from '../host/open.ts';
import { GhpassCommand, hostFlag, strictFlag } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args, Flags } from '../ui/oclif.ts';
import { gpuReport } from '../ui/probe-report.ts';
import { probeText } from '../ui/probe-text.ts';
import { collectGpus } from '../vfio/collect.ts';

export default class Probe extends GhpassCommand {
  static override summary = 'Ask coherent GPUs for their memory, and validate what they answer.';
  static override description = [
    'Finds the Grace Hopper and Grace Blackwell GPUs of a host, opens each one through VFIO where the',
    "variant driver has it, and holds the regions against firmware's tables and the driver's arithmetic.",
    'Opening a device resets it; --no-open predicts the sizes instead.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> probe',
    '<%= config.bin %> probe 0009:01:00.0 --json',
    '<%= config.bin %> probe --host builtin:gh200',
  ];
  static override strict = false;
  static override args = {
    address: Args.string({ description: 'PCI addresses; all coherent GPUs where none is given' }),
  };
  static override flags = {
    ...hostFlag,
    ...strictFlag,
    open: Flags.boolean({ default: true, allowNo: true, description: 'open the devices through VFIO' }),
    catalogue: Flags.string({ helpValue: 'FILE', description: 'GPU catalogue instead of /etc/ghpass/gpus.json' }),
  };

  async run(): Promise<Envelope> {
    const { flags, argv } = await this.parse(Probe);
    this.changesNothing = true;
    const { host, gpus } = await collectGpus(openHost(flags.host), argv as string[], flags);
    this.tellSynthetic(host.source);
    const findings = gpus.flatMap((gpu) => assess(DEVICE_CHECKS, { host, gpu, gpus }));
    const reports = gpus.map((gpu) => gpuReport(gpu, findings));
    const paint = this.paint(process.stdout);
    const text = reports.map((report) => probeText(report, paint)).join('\n\n');
    return this.conclude({ result: { host: host.source, gpus: reports }, findings, text }, flags.strict);
  }
}
