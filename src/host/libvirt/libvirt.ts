import { GhpassError } from '../../errors.ts';
import { shellWord } from '../programs/shell-word.ts';
import { readCachedLibvirt, writeCachedLibvirt } from './libvirt-cache.ts';
import type { LibvirtFacts } from './libvirt-facts.ts';
import {
  ACCELERATED_SMMU,
  ACPI_NODESET,
  ACPI_NODESET_READ,
  type DomainCapabilities,
  EMPTY_CELLS,
  PCI_HOLE_64,
  type Probe,
  probeDomain,
  readDomainCapabilities,
} from './libvirt-probes.ts';
import { runVirsh, runVirshOnXml, SYSTEM_URI } from './run-virsh.ts';

/**
 * Asks a libvirt what it makes of small domains, none of which it keeps; the answers are cached.
 * @param uri of the daemon; that of this machine's system by default.
 * @returns null where virsh is not on PATH.
 * @throws GhpassError `libvirt.unreachable`, `libvirt.permission`, `libvirt.timeout`; `libvirt.no-emulator` where it has no
 * QEMU for aarch64; `libvirt.failed` for everything else that it says.
 */
export async function askLibvirt(uri: string = SYSTEM_URI): Promise<LibvirtFacts | null> {
  let about: string;
  try {
    about = await runVirsh(uri, ['version', '--daemon']);
  } catch (error) {
    if (error instanceof GhpassError && error.code === 'libvirt.missing') return null;
    throw error;
  }
  const document = await askForVirt(uri);
  const capabilities = readDomainCapabilities(document);
  if (capabilities === null) throw noEmulator(uri, 'domcapabilities names no emulator');
  const identity = [uri, about, document];
  const cached = readCachedLibvirt(identity, capabilities.emulator);
  if (cached) return cached;
  const answers = (probe: Probe) => answersTo(uri, probe, capabilities);
  const [acpiNodeset, emptyCells, pciHole64, acceleratedSmmu] = await Promise.all([
    answers(capabilities.hostDevices ? ACPI_NODESET : ACPI_NODESET_READ),
    answers(EMPTY_CELLS),
    answers(PCI_HOLE_64),
    answers(ACCELERATED_SMMU),
  ]);
  const { iommufd } = capabilities;
  const version = daemonVersion(uri, about);
  const facts = { uri, version, acpiNodeset, emptyCells, pciHole64, iommufd, acceleratedSmmu };
  writeCachedLibvirt(identity, capabilities.emulator, facts);
  return facts;
}

async function askForVirt(uri: string): Promise<string> {
  try {
    return await runVirsh(uri, ['domcapabilities', '--arch=aarch64', '--machine=virt']);
  } catch (error) {
    if (error instanceof GhpassError && error.code === 'libvirt.failed') throw noEmulator(uri, error.message);
    throw error;
  }
}

function noEmulator(uri: string, why: string): GhpassError {
  return new GhpassError('tool', {
    code: 'libvirt.no-emulator',
    message: `libvirt at ${uri} has no QEMU for a guest with the virt machine: ${why}`,
    suggestions: ['apt-get install qemu-system-arm', 'dnf install qemu-system-aarch64'],
  });
}

async function answersTo(uri: string, probe: Probe, capabilities: DomainCapabilities): Promise<boolean> {
  const toNative = (file: string) => ['domxml-to-native', '--format=qemu-argv', `--xml=${file}`];
  try {
    const argv = await runVirshOnXml(uri, probeDomain(probe, capabilities), toNative);
    return probe.argument?.test(argv) ?? false;
  } catch (error) {
    if (!(error instanceof GhpassError) || error.code !== 'libvirt.invalid-xml') throw error;
    return probe.refusal?.test(error.message) ?? false;
  }
}

/** The daemon's own version, not that of the library which virsh uses: over ssh they differ. */
function daemonVersion(uri: string, about: string): [number, number, number] {
  const words = /^Running against daemon: (\d+)\.(\d+)\.(\d+)$/m.exec(about);
  if (words) return [Number(words[1]), Number(words[2]), Number(words[3])];
  throw new GhpassError('tool', {
    code: 'libvirt.failed',
    message: `virsh version at ${uri} names no version of a daemon`,
    suggestions: [`virsh --connect=${shellWord(uri)} version --daemon`],
  });
}
