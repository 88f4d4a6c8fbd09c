import { assess } from '../checks/check.ts';
import { DEVICE_CHECKS } from '../checks/device/index.ts';
import { GhpassError } from '../errors.ts';
import { openHost } from '../host/open.ts';
import { GhpassCommand, hostFlag, strictFlag } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import type { ValidatedGpu } from '../ui/memory-run.ts';
import { Args, Flags } from '../ui/oclif.ts';
import { gpuReport } from '../ui/probe-report.ts';
import { probeText } from '../ui/probe-text.ts';
import { collectGpus } from '../vfio/collect.ts';
import type { GpuFacts } from '../vfio/gpu.ts';

export default class Probe extends GhpassCommand {
  static override summary = 'Ask coherent GPUs for their memory, and validate what they answer.';
  static override description = [
    'Finds the Grace Hopper and Grace Blackwell GPUs of a host, opens each one through VFIO where the',
    "variant driver has it, and holds the regions against firmware's tables and the driver's arithmetic.",
    'Opening a device resets it; --no-open predicts the sizes instead. --memory overwrites the memory of idle GPUs and reads',
    'it back: "quick" the boundary pages of each area and what is around it, "full" every byte.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> probe',
    '<%= config.bin %> probe 0009:01:00.0 --json',
    '<%= config.bin %> probe --host builtin:gh200',
    '<%= config.bin %> probe 0009:01:00.0 --memory full --destructive',
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
    memory: Flags.option({ options: ['quick', 'full'] as const, description: 'overwrite the memory and verify it' })(),
    destructive: Flags.boolean({ dependsOn: ['memory'], description: 'yes, overwrite the memory without asking' }),
  };

  async run(): Promise<Envelope> {
    const { flags, argv } = await this.parse(Probe);
    this.changesNothing = true;
    const { memory } = flags;
    if (memory) {
      await requireValidation(memory, flags, argv as string[]);
      this.changesNothing = false;
    }
    const { host, gpus } = await collectGpus(await openHost(flags.host), argv as string[], flags);
    this.tellSynthetic(host.source);
    const validated = memory ? await this.validate(gpus, memory) : [];
    const findings = gpus.flatMap((gpu, i) => [
      ...assess(DEVICE_CHECKS, { host, gpu, gpus }),
      ...(validated[i]?.findings ?? []),
    ]);
    const reports = gpus.map((gpu, i) => gpuReport(gpu, findings, validated[i]?.report ?? null));
    const paint = this.paint(process.stdout);
    const text = reports.map((report) => probeText(report, paint)).join('\n\n');
    return this.conclude({ result: { host: host.source, gpus: reports }, findings, text }, flags.strict);
  }

  private async validate(gpus: readonly GpuFacts[], mode: 'quick' | 'full'): Promise<ValidatedGpu[]> {
    const { validateEach } = await import('../ui/memory-run.ts');
    return validateEach(gpus, mode, this.interrupted, (line) => this.progress(line));
  }
}

/** Memory is overwritten only on this machine, in devices that are opened, and where that was said to be meant. */
async function requireValidation(
  mode: 'quick' | 'full',
  flags: { host: string; open: boolean; destructive: boolean },
  addresses: readonly string[],
): Promise<void> {
  if (flags.host !== 'local') {
    throw new GhpassError('usage', {
      code: 'host.not-local',
      message: `--host ${flags.host}: memory is validated on this machine only`,
      suggestions: [`ghpass probe --host ${flags.host}`],
    });
  }
  const command = ['ghpass probe', ...addresses, `--memory ${mode} --destructive`].join(' ');
  if (!flags.open) {
    throw new GhpassError('usage', {
      code: 'memory.not-opened',
      message: '--memory writes into the devices, which --no-open leaves alone',
      suggestions: [command],
    });
  }
  const whose = addresses.length > 0 ? addresses.join(', ') : 'every coherent GPU of this host';
  const what = `${mode === 'full' ? 'all' : 'some'} of what is in the memory of ${whose} will be lost`;
  const { requireConfirmation } = await import('../ui/confirm.ts');
  await requireConfirmation(flags.destructive, { what, command });
}
