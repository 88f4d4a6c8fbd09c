import { formatNumberList } from '../../host/numa/number-list.ts';
import type { GuestPlan, PlannedGpu } from '../../plan/guest-plan.ts';
import { append, childrenAt, remove, type Shape } from '../edit.ts';
import { firstFreeController } from '../pci-controllers.ts';
import type { Profile } from '../profile.ts';
import type { DomainRecord, RecordedGpu } from '../record.ts';
import type { XmlElement } from '../xml.ts';

export interface GpuOptions {
  /** libvirt binds the GPUs when the guest starts, and gives them back when it ends; else they have to be bound before. */
  managed: boolean;
}

/** The driver that libvirt is to bind, where it manages the device (libvirt 10.0.0). */
const DRIVER = 'nvgrace_gpu_vfio_pci';
const DEVICES = ['devices'] as const;

/** Expander bus, root port, hostdev and SMMU of each GPU, behind the controllers that the domain has. */
export function addGpus(
  domain: XmlElement,
  plan: GuestPlan,
  profile: Profile,
  options: GpuOptions,
  record: DomainRecord,
): void {
  const devices = domain.find(...DEVICES);
  if (!devices) return;
  const first = firstFreeController(domain);
  const aliases = freeAliases(devices);
  record.gpus = plan.gpus.map(({ address, nodes }, i): RecordedGpu => {
    return { address, alias: aliases.next().value, nodes, expander: first + 2 * i, port: first + 2 * i + 1 };
  });
  plan.gpus.forEach((gpu, i) => {
    const recorded = record.gpus[i];
    if (!recorded) return;
    for (const shape of controllers(gpu, recorded)) append(devices, shape, 2);
    append(devices, hostdev(gpu, recorded, plan, profile, options), 2);
    if (gpu.smmu && profile.acceleratedSmmu) append(devices, smmu(gpu.smmu, recorded), 2);
  });
}

/** Takes away what {@link addGpus} added, also where libvirt has added addresses and defaults to it. */
export function removeGpuDevices(domain: XmlElement, { gpus }: DomainRecord): void {
  const controllerIndexes = new Set(gpus.flatMap(({ expander, port }) => [`${expander}`, `${port}`]));
  const expanders = new Set(gpus.map(({ expander }) => `${expander}`));
  const aliases = new Set(gpus.map(({ alias }) => alias));
  const isOurs: Readonly<Record<string, (element: XmlElement) => boolean>> = {
    controller: (element) =>
      element.attribute('type') === 'pci' && controllerIndexes.has(element.attribute('index') ?? ''),
    hostdev: (element) => aliases.has(element.find('alias')?.attribute('name') ?? ''),
    iommu: (element) => expanders.has(element.find('driver')?.attribute('pciBus') ?? ''),
  };
  for (const [name, test] of Object.entries(isOurs)) {
    for (const { parent, child } of childrenAt(domain, [...DEVICES, name])) if (test(child)) remove(parent, child);
  }
}

function controllers({ expanderBus, guestNode }: PlannedGpu, { expander, port }: RecordedGpu): Shape[] {
  const controller = (index: number, model: string) => ({ type: 'pci', index, model });
  return [
    [
      'controller',
      controller(expander, 'pcie-expander-bus'),
      [['target', { busNr: expanderBus }, [['node', {}, `${guestNode}`]]]],
    ],
    ['controller', controller(port, 'pcie-root-port'), [pciAddress(expander)]],
  ];
}

function hostdev(
  { address }: PlannedGpu,
  { alias, nodes, port }: RecordedGpu,
  { iommufd }: GuestPlan,
  profile: Profile,
  { managed }: GpuOptions,
): Shape {
  const driver = { iommufd: iommufd && profile.iommufd ? 'yes' : undefined, model: managed ? DRIVER : undefined };
  const hasDriver = Object.values(driver).some((value) => value !== undefined);
  return [
    'hostdev',
    { mode: 'subsystem', type: 'pci', managed: managed ? 'yes' : 'no' },
    [
      ...(hasDriver ? [['driver', driver] as const] : []),
      ['source', {}, [['address', hostAddress(address)]]],
      ['alias', { name: alias }],
      ['rom', { bar: 'off' }],
      ...(profile.nodes === 'element' ? [['acpi', { nodeset: formatNumberList(nodes) }] as const] : []),
      pciAddress(port),
    ],
  ];
}

function smmu({ ats, ril, ssidsize, oas, cmdqv }: NonNullable<PlannedGpu['smmu']>, { expander }: RecordedGpu): Shape {
  const onOff = (value: boolean) => (value ? 'on' : 'off');
  const queues = cmdqv ?? undefined;
  const driver = { pciBus: expander, accel: 'on', ats: onOff(ats), ril: onOff(ril), ssidsize, oas, cmdqv: queues };
  return ['iommu', { model: 'smmuv3' }, [['driver', driver]]];
}

/** Slot 0, function 0 of the bus behind a controller. */
function pciAddress(bus: number): Shape {
  return [
    'address',
    { type: 'pci', domain: '0x0000', bus: `0x${bus.toString(16).padStart(2, '0')}`, slot: '0x00', function: '0x0' },
  ];
}

function hostAddress(address: string): Record<string, string> {
  const [domain, bus, slot, fn] = address.split(/[:.]/);
  return { domain: `0x${domain}`, bus: `0x${bus}`, slot: `0x${slot}`, function: `0x${fn}` };
}

/** Names that no device of the domain has; libvirt keeps only those that begin with `ua-`. */
function* freeAliases(devices: XmlElement): Generator<string, never> {
  const taken = new Set(devices.elements().map((device) => device.find('alias')?.attribute('name')));
  for (let i = 0; ; i += 1) if (!taken.has(`ua-gpu${i}`)) yield `ua-gpu${i}`;
}
