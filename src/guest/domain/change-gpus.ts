import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { readDomain } from '../../libvirt/read-domain.ts';
import { Virsh } from '../../libvirt/virsh.ts';
import { Journal } from '../journal/journal.ts';
import { whileLocked } from '../journal/lock.ts';
import { putBack } from '../undo/put-back.ts';
import { defineAndReadBack } from './define.ts';
import { type DomainOptions, type PlannedDomain, planDomain } from './plan-domain.ts';

export interface ChangeOptions extends DomainOptions {
  command: string;
  directories: { journal: string };
  signal: AbortSignal;
  progress(line: string): void;
  /** Called with what is about to be defined; what it throws leaves the domain as it is. */
  confirm(planned: PlannedDomain): Promise<void>;
}

export interface ChangedDomain extends PlannedDomain {
  /** Nothing was to be changed, or a check failed. */
  defined: boolean;
  /** The guest runs as it was started, and has the change at its next boot: nodes are fixed at boot. */
  running: boolean;
}

/**
 * Gives a domain of libvirt other GPUs. libvirt takes a definition as a whole, so there is the old domain or the new one, and
 * nothing between; after a failure it is the old one.
 */
export async function changeGpus(
  host: Host,
  name: string,
  choose: (present: readonly string[]) => string[],
  options: ChangeOptions,
): Promise<ChangedDomain> {
  const virsh = new Virsh(options.connect, { signal: options.signal });
  // Every domain that libvirt prints has one; only a file may lack it.
  const uuid = readDomain(await virsh.dumpXml(name, { inactive: true })).uuid ?? '';
  const subject = `domain-${uuid}`;
  return whileLocked(options.directories.journal, [subject], options.command, async () => {
    const before = await virsh.dumpXml(name, { inactive: true });
    const planned = await planDomain(host, before, choose, options);
    const running = (await virsh.state(name)) !== 'shut off';
    const isStopped = planned.after === before || planned.findings.some(({ severity }) => severity === 'fail');
    if (isStopped) return { ...planned, defined: false, running };
    await options.confirm(planned);
    const journal = Journal.open(options.directories.journal, subject, options.command);
    try {
      journal.record({ kind: 'domain', uri: virsh.uri, name, uuid, before });
      options.progress(`defining ${name} at ${virsh.uri}`);
      await defineAndReadBack(virsh, name, planned.after, journal);
    } catch (error) {
      throw await putBack([journal], error, options);
    }
    journal.close();
    return { ...planned, defined: true, running };
  });
}

/** GPUs that a domain has, and more. */
export function withGpus(addresses: readonly string[]): (present: readonly string[]) => string[] {
  return (present) => [...new Set([...present, ...addresses])];
}

/**
 * GPUs that a domain has, without some.
 * @param name of the domain; null where it comes from a file.
 * @throws GhpassError `domain.gpu-absent`.
 */
export function withoutGpus(
  name: string | null,
  addresses: readonly string[],
): (present: readonly string[]) => string[] {
  return (present) => {
    const absent = addresses.filter((address) => !present.includes(address));
    if (absent.length === 0) return present.filter((address) => !addresses.includes(address));
    throw new GhpassError('usage', {
      code: 'domain.gpu-absent',
      message: `${name ?? 'the domain'} has no ${absent.join(', ')} from ghpass; it has ${present.join(', ') || 'none'}`,
      suggestions: [`ghpass detach ${name === null ? '--xml FILE' : shellWord(name)} ${present.join(' ')}`.trimEnd()],
    });
  };
}
