import { GhpassError } from '../errors.ts';
import { journalDirectory } from '../guest/directories.ts';
import type { PlannedDomain } from '../guest/domain/plan-domain.ts';
import { openHost } from '../host/open.ts';
import { isPciAddress, requirePciAddress } from '../host/pci/pci-address.ts';
import { shellWord } from '../host/programs/shell-word.ts';
import { GhpassCommand, hostFlag, strictFlag } from './command.ts';
import { requireConfirmation } from './confirm.ts';
import { changedText } from './domain-text.ts';
import type { Envelope } from './envelope.ts';
import { iommufdOf, vfioFlag } from './guest-flags.ts';
import { jsonReady } from './json-ready.ts';
import { libvirtFlags, managedFlag } from './libvirt-flags.ts';
import { Flags } from './oclif.ts';
import { readInput } from './read-input.ts';

/** Where a domain in a file comes from. */
const XML_SOURCE = 'virsh dumpxml --inactive NAME | ghpass apply --xml - ADDRESS';

/** Flags of the commands that change the GPUs of a domain. */
export const domainFlags = {
  ...hostFlag,
  ...strictFlag,
  ...libvirtFlags,
  ...managedFlag,
  ...vfioFlag,
  xml: Flags.string({ helpValue: 'FILE', description: 'a domain in a file, - for standard input; nothing is defined' }),
  open: Flags.boolean({ default: true, allowNo: true, description: 'open the devices through VFIO' }),
  'dry-run': Flags.boolean({ description: 'read and plan, and change nothing' }),
  emit: Flags.option({ options: ['xml', 'plan'] as const, description: 'what a dry run prints (default xml)' })(),
  diff: Flags.boolean({ description: 'show what would change, and change nothing: exit 1 where there is something' }),
  yes: Flags.boolean({ char: 'y', description: 'yes, define the domain without asking' }),
  input: Flags.boolean({ default: true, allowNo: true, description: 'ask at a terminal' }),
};

/** The values that oclif makes of {@link domainFlags}. */
export interface DomainFlags {
  host: string;
  strict: boolean;
  connect: string;
  profile: 'auto' | 'native' | 'fallback';
  managed?: boolean;
  vfio?: 'group' | 'iommufd' | undefined;
  xml?: string | undefined;
  open: boolean;
  'dry-run': boolean;
  emit?: 'xml' | 'plan' | undefined;
  diff: boolean;
  yes: boolean;
  input: boolean;
}

/** What a domain is to have, from what it has. */
type Choose = (present: readonly string[]) => string[];

/** Commands that give a domain other GPUs. */
export abstract class DomainCommand extends GhpassCommand {
  /**
   * Changes a domain of libvirt, or shows what would be changed.
   * @param name of the domain; null where it comes from a file.
   */
  protected async changeDomain(name: string | null, choose: Choose, flags: DomainFlags): Promise<Envelope> {
    const isDry = name === null || flags['dry-run'] || flags.diff;
    if (!isDry && flags.emit !== undefined) throw nothingToEmit(flags.emit);
    const host = await openHost(flags.host);
    if (!isDry && host.source.kind !== 'local') throw notThisMachine(flags.host);
    this.tellSynthetic(host.source);
    const options = {
      connect: flags.connect,
      profile: flags.profile,
      dryRun: isDry,
      open: flags.open,
      managed: flags.managed ?? null,
      iommufd: iommufdOf(flags.vfio),
    };
    if (isDry) {
      this.changesNothing = true;
      const { planDomain } = await import('../guest/domain/plan-domain.ts');
      const xml = await (name === null
        ? readInput('--xml', flags.xml ?? '-', [XML_SOURCE])
        : this.dump(flags.connect, name));
      return this.show(await planDomain(host, xml, choose, options), flags);
    }
    const { changeGpus } = await import('../guest/domain/change-gpus.ts');
    const changed = await changeGpus(host, name, choose, {
      ...options,
      command: `ghpass ${this.id}`,
      directories: { journal: journalDirectory(process.env) },
      signal: this.interrupted,
      progress: (line) => this.progress(line),
      confirm: (planned) => this.confirm(name, planned, flags),
    });
    const { domain, plan, findings, defined, running } = changed;
    const result = { domain: { name: domain.name, uuid: domain.uuid }, plan: jsonReady(plan), defined, running };
    return this.conclude({ result, findings, text: changedText(changed) }, flags.strict);
  }

  private async show({ domain, before, after, plan, findings }: PlannedDomain, flags: DomainFlags): Promise<Envelope> {
    if (flags.diff) {
      const { unifiedDiff } = await import('./unified-diff.ts');
      const diff = unifiedDiff(domain.name, before, after);
      const envelope = this.conclude({ result: { diff }, findings, text: diff }, flags.strict);
      if (diff !== '') process.exitCode = 1;
      return envelope;
    }
    const isPlan = flags.emit === 'plan';
    const result = isPlan ? { plan: jsonReady(plan) } : { xml: after };
    const text = isPlan ? JSON.stringify(jsonReady(plan), null, 2) : after.replace(/\n$/, '');
    return this.conclude({ result, findings, text }, flags.strict);
  }

  private async dump(connect: string, name: string): Promise<string> {
    const { Virsh } = await import('../libvirt/virsh.ts');
    return new Virsh(connect, { signal: this.interrupted }).dumpXml(name, { inactive: true });
  }

  private async confirm(name: string, { before, after }: PlannedDomain, { yes, input }: DomainFlags): Promise<void> {
    if (!yes && input && process.stdin.isTTY) {
      const { unifiedDiff } = await import('./unified-diff.ts');
      process.stderr.write(`${unifiedDiff(name, before, after)}\n`);
    }
    const command = ['ghpass', `${this.id}`, ...this.argv, '--yes'].map(shellWord).join(' ');
    const question = { what: `${name} would be defined anew`, command };
    await requireConfirmation(yes, { ...question, mayAsk: input });
  }
}

/**
 * The name of the domain, which a domain in a file brings along, and the addresses behind it.
 * @throws GhpassError `usage`, `pci.address-invalid`.
 */
export function readWords(
  words: readonly string[],
  xml: string | undefined,
): { name: string | null; addresses: string[] } {
  if (xml !== undefined) return { name: null, addresses: words.map(requirePciAddress) };
  const [name, ...addresses] = words;
  if (name !== undefined && !isPciAddress(name)) return { name, addresses: addresses.map(requirePciAddress) };
  throw new GhpassError('usage', {
    code: 'usage',
    message: name === undefined ? 'the name of a domain is missing' : `the name of a domain is missing before ${name}`,
    suggestions: ['virsh list --all', '--xml FILE   # a domain in a file'],
  });
}

function nothingToEmit(emit: string): GhpassError {
  return new GhpassError('usage', {
    code: 'usage',
    message: `--emit ${emit} is for what is not defined: it needs --dry-run or --xml`,
    suggestions: [`--dry-run --emit ${emit}`],
  });
}

function notThisMachine(source: string): GhpassError {
  return new GhpassError('usage', {
    code: 'host.not-local',
    message: `--host ${source}: domains are changed for this machine only`,
    suggestions: ['--dry-run', '--diff'],
  });
}
