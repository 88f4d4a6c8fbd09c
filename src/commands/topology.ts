import { resolve } from 'node:path';
import { guestsDirectory, runtimeDirectory } from '../guest/directories.ts';
import type { Meant } from '../guest/topology.ts';
import { requireNoFile, writeNewFile } from '../host/new-file.ts';
import { openHost } from '../host/open.ts';
import { requirePciAddress } from '../host/pci/pci-address.ts';
import { GhpassCommand, hostFlag } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { requirePlainPath } from '../ui/guest-flags.ts';
import { jsonReady } from '../ui/json-ready.ts';
import { libvirtFlags } from '../ui/libvirt-flags.ts';
import { Args, Flags } from '../ui/oclif.ts';
import { requireOneGuest } from '../ui/topology/one-guest.ts';

/** Where a plan in a file comes from. */
const PLAN_FILE = 'ghpass create-vm NAME --dry-run --emit plan > plan.json';

export default class Topology extends GhpassCommand {
  static override summary = 'Draw the sockets and GPUs of a host, and a guest beside them.';
  static override description = [
    'Shows sockets, nodes, GPUs with their BARs and coherent memory; and of a guest, of a plan in a file, or of a plain guest',
    'with --plan, its nodes, where its GPUs are, what is in their BARs, and the MMIO window. No device of this machine is',
    'opened, because that resets it: sizes are then the driver’s arithmetic.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> topology',
    '<%= config.bin %> topology demo --svg demo.svg',
    '<%= config.bin %> topology --host builtin:gh200-nvl2 --plan',
    '<%= config.bin %> topology --plan-file plan.json',
  ];
  static override args = { vm: Args.string({ description: 'name of the guest or domain' }) };
  static override flags = {
    ...hostFlag,
    connect: libvirtFlags.connect,
    gpu: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'ADDRESS',
      description: 'draw these GPUs only',
    }),
    plan: Flags.boolean({ description: 'plan a plain guest with these GPUs, and draw it, too' }),
    'plan-file': Flags.string({
      helpValue: 'FILE',
      description: 'draw the plan that create-vm --dry-run --emit plan printed, - for standard input',
    }),
    svg: Flags.string({ helpValue: 'FILE', description: 'draw it into this new file as SVG, too' }),
    open: Flags.boolean({
      allowNo: true,
      description: 'open the devices through VFIO, which resets those of this machine; by default only of a capture',
    }),
  };

  async run(): Promise<Envelope> {
    const { args, flags } = await this.parse(Topology);
    this.changesNothing = true;
    requireOneGuest(args.vm, flags);
    const svg = flags.svg === undefined ? null : resolve(requirePlainPath(flags.svg));
    if (svg !== null) requireNoFile(svg);
    const { collectTopology } = await import('../guest/topology.ts');
    const host = await openHost(flags.host);
    const topology = await collectTopology(host, (flags.gpu ?? []).map(requirePciAddress), {
      open: flags.open ?? host.source.kind !== 'local',
      meant: await this.meant(args.vm, flags),
    });
    const { describeTopology } = await import('../ui/topology/describe.ts');
    const { drawingColumns, drawingText } = await import('../ui/topology/text.ts');
    const { glyphsFor } = await import('../ui/topology/glyphs.ts');
    const boxes = describeTopology(topology);
    if (svg !== null) {
      const { drawingSvg } = await import('../ui/topology/svg.ts');
      writeNewFile(svg, drawingSvg(boxes));
    }
    const columns = drawingColumns(process.stdout, process.env);
    const text = drawingText(boxes, columns, glyphsFor(process.env), this.paint(process.stdout));
    return this.conclude({ result: jsonReady(topology), findings: [], text }, false);
  }

  private async meant(
    vm: string | undefined,
    flags: { plan: boolean; 'plan-file'?: string | undefined; connect: string },
  ): Promise<Meant> {
    if (vm !== undefined) {
      const { connect } = flags;
      const runtime = runtimeDirectory(process.env);
      const find = { runtime, guests: guestsDirectory(process.env), connect, signal: this.interrupted };
      return { kind: 'known', name: vm, find };
    }
    const name = flags['plan-file'];
    if (name === undefined) return { kind: flags.plan ? 'plain' : 'none' };
    const { readInput } = await import('../ui/read-input.ts');
    return { kind: 'file', name, content: await readInput('--plan-file', name, [PLAN_FILE]) };
  }
}
