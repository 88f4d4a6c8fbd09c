import { GhpassError } from '../errors.ts';
import { type Probed, probe } from '../guest/gpus/probe.ts';
import type { ValidationOptions } from '../guest/gpus/validate-memory.ts';
import { openHost } from '../host/open.ts';
import { GhpassCommand, hostFlag, strictFlag } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args, Flags } from '../ui/oclif.ts';
import { type GpuReport, gpuReport } from '../ui/probe-report.ts';
import { probeText } from '../ui/probe-text.ts';

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
    const probed = await probe(await openHost(flags.host), argv as string[], {
      open: flags.open,
      catalogue: flags.catalogue,
      memory: memory ? await this.validation(memory) : null,
    });
    this.tellSynthetic(probed.host.source);
    const reports = await reportsOf(probed);
    const paint = this.paint(process.stdout);
    const text = reports.map((report) => probeText(report, paint)).join('\n\n');
    const { findings } = probed;
    return this.conclude({ result: { host: probed.host.source, gpus: reports }, findings, text }, flags.strict);
  }

  private async validation(mode: 'quick' | 'full'): Promise<ValidationOptions> {
    const { memoryProgressText } = await import('../ui/memory-text.ts');
    return {
      mode,
      signal: this.interrupted,
      progress: (address, progress) => mode === 'quick' || this.progress(memoryProgressText(address, progress)),
    };
  }
}

/** What is shown of validated memory is loaded only where there is some. */
async function reportsOf({ gpus, findings, validations }: Probed): Promise<GpuReport[]> {
  if (validations.every((validation) => validation === null)) return gpus.map((gpu) => gpuReport(gpu, findings));
  const { memoryReport } = await import('../ui/memory-report.ts');
  return gpus.map((gpu, i) => {
    const validation = validations[i];
    return gpuReport(gpu, findings, validation ? memoryReport(validation) : null);
  });
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
