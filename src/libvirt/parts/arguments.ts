import type { GuestPlan } from '../../plan/guest-plan.ts';
import { option, size } from '../../qemu/argv/arguments.ts';
import { genericInitiators } from '../../qemu/argv/gpus.ts';
import { distances, emptyNode } from '../../qemu/argv/nodes.ts';
import { append, childrenAt, remove, type Shape } from '../edit.ts';
import { ensure } from '../own.ts';
import type { Profile } from '../profile.ts';
import { declareQemu, prefixOf, qemuElements } from '../qemu-namespace.ts';
import type { DomainRecord } from '../record.ts';
import type { XmlElement } from '../xml.ts';

/** Values of options that ghpass gives QEMU past libvirt, by option. Nobody else's are in a domain that a plan is applied to. */
const OURS: Readonly<Record<string, RegExp>> = {
  '-machine': /^highmem-mmio-size=/,
  '-numa': /^(?:node|dist),/,
  '-object': /^acpi-generic-initiator,/,
};

/** What has no element in this libvirt, as `<qemu:arg>`; and for each root port the address space that firmware keeps free. */
export function addArguments(
  domain: XmlElement,
  plan: GuestPlan,
  profile: Profile,
  { made, gpus }: DomainRecord,
): void {
  const argv = argumentsOf(
    plan,
    profile,
    gpus.map(({ alias }) => alias),
    hasDistances(domain),
  );
  if (argv.length > 0) {
    const commandline = ensureQemu(domain, made, 'commandline');
    for (const value of argv) append(commandline, [`${prefixOf(commandline)}arg`, { value }], 2);
  }
  if (gpus.length === 0) return;
  const override = ensureQemu(domain, made, 'override');
  const prefix = prefixOf(override);
  plan.gpus.forEach(({ rootPortWindowBytes }, i) => {
    const reserve = { name: 'pref64-reserve', type: 'unsigned', value: `${rootPortWindowBytes}` };
    const frontend: Shape = [`${prefix}frontend`, {}, [[`${prefix}property`, reserve]]];
    append(override, [`${prefix}device`, { alias: `pci.${gpus[i]?.port}` }, [frontend]], 2);
  });
}

/** Takes those arguments and overrides away. */
export function removeArguments(domain: XmlElement, { gpus }: DomainRecord): void {
  for (const commandline of qemuElements(domain, 'commandline')) {
    for (const pair of findArguments(commandline)) for (const element of pair) remove(commandline, element);
  }
  const ports = new Set(gpus.map(({ port }) => `pci.${port}`));
  for (const override of qemuElements(domain, 'override')) {
    for (const device of override.elements(`${prefixOf(override)}device`)) {
      if (ports.has(device.attribute('alias') ?? '')) remove(override, device);
    }
  }
}

/** Pairs of option and value that look like ghpass's own. */
export function findArguments(commandline: XmlElement): [XmlElement, XmlElement][] {
  const list = commandline.elements(`${prefixOf(commandline)}arg`);
  return list.flatMap((flag, i): [XmlElement, XmlElement][] => {
    const value = list[i + 1];
    const pattern = OURS[flag.attribute('value') ?? ''];
    return value && pattern?.test(value.attribute('value') ?? '') ? [[flag, value]] : [];
  });
}

/** libvirt takes one element of each kind, so what is there is added to. */
function ensureQemu(domain: XmlElement, made: string[], name: string): XmlElement {
  const [found] = qemuElements(domain, name);
  return found ?? ensure(domain, made, [`${declareQemu(domain, made)}${name}`]);
}

function argumentsOf(
  plan: GuestPlan,
  profile: Profile,
  aliases: readonly string[],
  cellsHaveDistances: boolean,
): string[] {
  const { windowBytes } = plan.machine;
  const isWindow = profile.window === 'commandline' && windowBytes !== null;
  const window = isWindow ? option('-machine', [['highmem-mmio-size', size(windowBytes)]]) : [];
  if (profile.nodes === 'element') return window;
  const isOfGpu = (node: number) => plan.nodes[node]?.gpu != null;
  const isWanted = (from: number, to: number) => !cellsHaveDistances || isOfGpu(from) || isOfGpu(to);
  return [
    ...window,
    ...plan.gpus.flatMap(({ nodes }) => nodes.flatMap(emptyNode)),
    ...distances(plan, isWanted),
    ...plan.gpus.flatMap(({ nodes }, i) => genericInitiators({ id: aliases[i] ?? '', nodes })),
  ];
}

/** libvirt gives QEMU the distances between cells that have some, and QEMU takes each pair once. */
function hasDistances(domain: XmlElement): boolean {
  return childrenAt(domain, ['cpu', 'numa', 'cell']).some(({ child }) => child.find('distances'));
}
