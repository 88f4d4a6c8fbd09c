import { isAbsolute } from 'node:path';
import { GhpassError } from '../errors.ts';
import type { FirmwareFacts } from '../host/firmware.ts';
import type { ToolFacts } from '../host/programs/tools.ts';
import { losesTopology } from '../plan/firmware.ts';
import type { GuestBoot, GuestPlan } from '../plan/guest-plan.ts';
import { append, childrenAt, remove, type Shape } from './edit.ts';
import { networkInterface } from './network-interface.ts';
import { requireWritable } from './writable.ts';
import { parseXml, type XmlElement } from './xml.ts';

/** What a domain has beside its plan. */
export interface DomainParts {
  /** Null: libvirt gives it one. */
  uuid: string | null;
  /** Everything that the guest writes to its console. */
  consoleLog: string;
  tools: ToolFacts;
}

/**
 * A domain for a plan, without its GPUs, nodes and window: those are {@link applyPlan}'s. Pure.
 * @param template text of a domain; what the plan says nothing about stays as it is there.
 * @throws GhpassError `xml.invalid` and `domain.unreadable` for the template; `domain.unwritable` for a text that XML has no way to write.
 */
export function baseDomain(template: string, plan: GuestPlan, { uuid, consoleLog, tools }: DomainParts): string {
  const document = parseXml(template);
  const domain = document.root;
  if (domain.name !== 'domain') throw noDomain(domain.name);
  const isEmulated = plan.accelerator === 'tcg';
  domain.setAttribute('type', isEmulated ? 'qemu' : 'kvm');
  write(domain, 'name', plan.name);
  if (uuid !== null) write(domain, 'uuid', uuid);
  write(domain, 'memory', `${plan.memoryBytes / 1024n}`).setAttribute('unit', 'KiB');
  for (const { parent, child } of childrenAt(domain, ['currentMemory'])) remove(parent, child);
  write(domain, 'vcpu', `${plan.cpus.count}`).setAttribute('current', undefined);
  addCpu(domain, plan);
  const os = child(domain, 'os', 1);
  addFirmware(os, plan, tools.firmware);
  addKernel(os, plan.boot);
  const devices = child(domain, 'devices', 1);
  const binary = tools.qemu?.binary;
  if (binary && isAbsolute(binary) && !devices.find('emulator')) append(devices, ['emulator', {}, binary], 2);
  addDisks(devices, plan.boot);
  if (plan.network) append(devices, networkInterface(plan.network), 2);
  addConsoleLog(devices, consoleLog);
  return document.serialize();
}

/** QEMU emulates no host CPU, and libvirt's `maximum` is its `max`. Which vCPUs have which memory is the plan's. */
function addCpu(domain: XmlElement, { accelerator, cpus: { count, sockets } }: GuestPlan): void {
  const cpu = child(domain, 'cpu', 1);
  const mode = cpu.attribute('mode') ?? 'host-passthrough';
  cpu.setAttribute('mode', accelerator === 'tcg' && mode === 'host-passthrough' ? 'maximum' : mode);
  for (const name of ['topology', 'numa']) clear(cpu, name);
  append(cpu, ['topology', { sockets, cores: count / sockets, threads: 1 }], 2);
}

/**
 * libvirt finds an image by the firmware descriptors, and takes the first that fits. Where that one is not the plan's, which
 * passes over those that are known to lose the topology, the plan's is named. An image that the template names stays.
 */
function addFirmware(os: XmlElement, { firmware }: GuestPlan, images: readonly FirmwareFacts[]): void {
  if (os.find('loader') && os.attribute('firmware') === undefined) return;
  const [first] = images;
  const wantsSecureBoot = os
    .find('firmware')
    ?.elements('feature')
    .some((feature) => feature.attribute('name') === 'secure-boot' && feature.attribute('enabled') === 'yes');
  const isChosenByLibvirt = first?.code === firmware.code && !losesTopology(first);
  if (os.attribute('firmware') === 'efi' && (isChosenByLibvirt || wantsSecureBoot)) return;
  os.setAttribute('firmware', undefined);
  for (const name of ['firmware', 'loader', 'nvram']) for (const element of os.elements(name)) remove(os, element);
  const format = firmware.format === 'raw' ? undefined : firmware.format;
  const code = requireWritable('firmware image', firmware.code);
  const template = requireWritable('firmware variables', firmware.variablesTemplate);
  append(os, ['loader', { readonly: 'yes', type: 'pflash', format }, code], 2);
  append(os, ['nvram', { template, templateFormat: format, format }], 2);
}

function addKernel(os: XmlElement, { kernel, initrd, append: cmdline }: GuestBoot): void {
  const parts = { kernel, initrd, cmdline };
  if (kernel !== null) for (const { name } of os.elements()) if (name in parts) clear(os, name);
  for (const [name, value] of Object.entries(parts)) {
    if (value !== null) append(os, [name, {}, requireWritable(name, value)], 2);
  }
}

function addDisks(devices: XmlElement, { disks }: GuestBoot): void {
  const taken = new Set(devices.elements('disk').map((disk) => disk.find('target')?.attribute('dev')));
  const names = targetNames(taken);
  for (const { path, format, readOnly } of disks) {
    const isBlock = path.startsWith('/dev/');
    const file = requireWritable('disk', path);
    const shape: Shape = [
      'disk',
      { type: isBlock ? 'block' : 'file', device: 'disk' },
      [
        ['driver', { name: 'qemu', type: format }],
        ['source', isBlock ? { dev: file } : { file }],
        ['target', { dev: names.next().value, bus: 'virtio' }],
        ...(readOnly ? [['readonly'] as const] : []),
      ],
    ];
    append(devices, shape, 2);
  }
}

/** vda to vdz, then vdaa, as far as nobody has them. */
function* targetNames(taken: ReadonlySet<string | undefined>): Generator<string, never> {
  const letter = (i: number) => String.fromCharCode('a'.charCodeAt(0) + i);
  for (let i = 0; ; i += 1) {
    const name = `vd${i < 26 ? '' : letter(Math.floor(i / 26) - 1)}${letter(i % 26)}`;
    if (!taken.has(name)) yield name;
  }
}

/** The log starts anew with each start of the guest. */
function addConsoleLog(devices: XmlElement, consoleLog: string): void {
  const serial = devices.find('serial') ?? append(devices, ['serial', { type: 'pty' }], 2);
  clear(serial, 'log');
  append(serial, ['log', { file: requireWritable('console log', consoleLog), append: 'off' }], 3);
}

function noDomain(root: string): GhpassError {
  return new GhpassError('usage', {
    code: 'domain.unreadable',
    message: `the template is no domain of libvirt: its root element is ${root}`,
    suggestions: ['start from templates/domain.xml of ghpass'],
  });
}

function write(domain: XmlElement, name: string, text: string): XmlElement {
  const element = child(domain, name, 1);
  element.setText(requireWritable(name, text));
  return element;
}

function child(parent: XmlElement, name: string, depth: number): XmlElement {
  return parent.find(name) ?? append(parent, [name], depth);
}

function clear(parent: XmlElement, name: string): void {
  for (const element of parent.elements(name)) remove(parent, element);
}
