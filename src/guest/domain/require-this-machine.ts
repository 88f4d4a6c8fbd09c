import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import {
  isSameMachine,
  type Machine,
  machineOf,
  mayLeadElsewhere,
  thisMachine,
} from '../../host/libvirt/libvirt-machine.ts';
import { shellWord } from '../../host/programs/shell-word.ts';

/**
 * GPUs, memory, firmware and console logs are read from this machine: a guest that libvirt runs on another one is not planned
 * from them. A captured host is planned for whatever libvirt it is meant for.
 * @throws GhpassError `libvirt.other-host`, and those of `runVirsh` where it cannot be asked.
 */
export async function requireThisMachine(host: Host, uri: string): Promise<void> {
  if (host.source.kind !== 'local' || !mayLeadElsewhere(uri)) return;
  const [here, there] = [thisMachine(host.files), await machineOf(uri)];
  if (!isSameMachine(here, there)) throw otherHost(uri, here, there);
}

function otherHost(uri: string, here: Machine, there: Machine): GhpassError {
  const [one, other] = here.hostname === there.hostname ? [here, there].map(withUuid) : [here.hostname, there.hostname];
  // What a daemon says of its own name goes into a command only where it is one.
  const target = /^[\w.-]+$/.test(there.hostname) ? there.hostname : 'HOST';
  return new GhpassError('usage', {
    code: 'libvirt.other-host',
    message: `libvirt at ${uri} runs its guests on ${other}, and the GPUs, the memory and the logs that ghpass reads are those of ${one}`,
    suggestions: [
      `ssh ${target} ghpass …   # without --connect`,
      `ssh ${target} ghpass snapshot -o ${target}.tar.gz && scp ${target}:${target}.tar.gz .`,
      `ghpass … --host ${target}.tar.gz --connect ${shellWord(uri)} --dry-run`,
    ],
  });
}

function withUuid({ hostname, uuid }: Machine): string {
  return `${hostname} (${uuid})`;
}
