import { GhpassError } from '../../errors.ts';
import { type HostFiles, readTextIfReadable } from '../../host/files.ts';
import type { Host } from '../../host/host.ts';
import { isOnThisMachine } from '../../host/libvirt/run-virsh.ts';
import { runTool } from '../../host/programs/run-tool.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import type { NetworkLink } from '../../plan/network.ts';

/** Which bridges QEMU's helper opens for a guest (qemu-bridge-helper.c). */
const BRIDGE_ACL = '/etc/qemu/bridge.conf';

/**
 * What a guest's card is to be connected to has to be there; better said now than in QEMU's or libvirt's words. A host that
 * is not this machine is not asked.
 * @param uri of the libvirt that is to run the guest; null where QEMU is a process.
 * @throws GhpassError `network.bridge-missing`, `network.bridge-forbidden`, `network.missing`, `network.inactive`, `tool.missing`
 * for passt, and those of virsh.
 */
export async function requireNetwork(host: Host, link: NetworkLink, uri: string | null): Promise<void> {
  if (host.source.kind !== 'local') return;
  if (link.kind === 'bridge' && (uri === null || isOnThisMachine(uri))) requireBridge(host.files, link.bridge);
  if (link.kind === 'bridge' && uri === null) requireAllowed(host.files, link.bridge);
  if (link.kind === 'passt' && uri === null) await runTool('passt', ['--version']);
  if (link.kind === 'network' && uri !== null) await requireActive(uri, link.network);
}

function requireBridge(files: HostFiles, bridge: string): void {
  if (files.list(`/sys/class/net/${bridge}/bridge`).length > 0) return;
  const devices = files.list('/sys/class/net');
  const bridges = devices.filter((name) => files.list(`/sys/class/net/${name}/bridge`).length > 0);
  const isDevice = devices.includes(bridge);
  const there = bridges.length > 0 ? `those are ${bridges.join(', ')}` : 'there is none';
  throw new GhpassError('check', {
    code: 'network.bridge-missing',
    message: `${bridge} is ${isDevice ? 'a network device, but no bridge' : 'no bridge of this host'}: ${there}`,
    suggestions: [
      ...bridges.map((name) => `--network bridge=${name}`),
      '--network user',
      'ip -brief link show type bridge',
    ],
  });
}

/** The helper reads included files as well; where there are some, it is asked alone. */
function requireAllowed(files: HostFiles, bridge: string): void {
  const lines = (readTextIfReadable(files, BRIDGE_ACL) ?? '').split('\n').map((line) => line.trim().split(/\s+/));
  const rules = lines.filter(([verb, name]) => verb === 'include' || name === bridge || name === 'all');
  if (rules.some(([verb]) => verb === 'include' || verb === 'allow')) return;
  throw new GhpassError('permission', {
    code: 'network.bridge-forbidden',
    message: `${BRIDGE_ACL} does not allow ${bridge}, so QEMU's helper connects no guest to it`,
    suggestions: [`echo 'allow ${bridge}' >> ${BRIDGE_ACL}`, '--backend libvirt'],
  });
}

async function requireActive(uri: string, network: string): Promise<void> {
  const { Virsh } = await import('../../libvirt/virsh.ts');
  const isActive = await new Virsh(uri).isNetworkActive(network);
  if (isActive) return;
  const name = JSON.stringify(network);
  const virsh = `virsh --connect=${shellWord(uri)}`;
  if (isActive === null) {
    throw new GhpassError('check', {
      code: 'network.missing',
      message: `libvirt at ${uri} has no network ${name}`,
      suggestions: [`${virsh} net-list --all`],
    });
  }
  throw new GhpassError('check', {
    code: 'network.inactive',
    message: `the network ${name} of libvirt at ${uri} is not active`,
    suggestions: [`${virsh} net-start ${shellWord(network)}`],
  });
}
