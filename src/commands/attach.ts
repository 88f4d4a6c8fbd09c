import { GhpassError } from '../errors.ts';
import { guestDirectories } from '../guest/directories.ts';
import { shellWord } from '../host/programs/shell-word.ts';
import { DomainCommand, domainFlags, readWords } from '../ui/domain-command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { Args, Flags } from '../ui/oclif.ts';

/** What only makes sense together with GPUs. */
const ABOUT_GPUS = ['xml', 'dry-run', 'emit', 'diff', 'yes', 'managed', 'vfio'] as const;

export default class Attach extends DomainCommand {
  static override summary = 'Attach this terminal to the console of a guest, or give GPUs to a domain of libvirt.';
  static override description = [
    'Without addresses: what the guest wrote last, then its console, until Ctrl-] leaves it or the guest ends. One terminal has',
    'the keyboard; others look on. Without a terminal, all that the guest wrote and writes goes to standard output.',
    '\n\nWith addresses of GPUs: plans devices, root ports, nodes and MMIO window around what the domain has, shows the',
    'difference, and defines it anew after a question; what is not ghpass’s stays as it is. A running guest gets the GPUs at',
    'its next boot, because its nodes are fixed until then.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> attach demo',
    "<%= config.bin %> attach demo --escape '^A' --log 100",
    '<%= config.bin %> attach demo --connect qemu+ssh://root@host/system',
    '<%= config.bin %> attach demo < /dev/null | grep -i oops',
    '<%= config.bin %> attach demo 0009:01:00.0 --diff',
    '<%= config.bin %> attach demo 0009:01:00.0 --yes',
    '<%= config.bin %> attach --xml domain.xml 0009:01:00.0 --dry-run --emit xml',
  ];
  static override strict = false;
  static override args = {
    vm: Args.string({ description: 'name of the guest or domain (not with --xml), then PCI addresses of the GPUs' }),
  };
  static override flags = {
    ...domainFlags,
    escape: Flags.string({ helpValue: 'KEY', description: 'console: the key that leaves it (default ^])' }),
    log: Flags.string({
      helpValue: 'all|N|none',
      description: 'console: how many lines of what the guest wrote come first (default: as the screen has, else all)',
    }),
    'read-only': Flags.boolean({ description: 'console: look on, and leave the keyboard to others' }),
  };

  async run(): Promise<Envelope> {
    const { argv, flags } = await this.parse(Attach);
    const { name, addresses } = readWords(argv as string[], flags.xml);
    const { escape: escapeKey, log, 'read-only': readOnly, ...domain } = flags;
    const isAboutGpus = ABOUT_GPUS.some((flag) => flags[flag] !== undefined && flags[flag] !== false);
    if (addresses.length === 0) {
      if (name === null || isAboutGpus) throw noAddress(name);
      return this.attachTerminal(name, { escapeKey, log, readOnly, connect: flags.connect });
    }
    if (escapeKey !== undefined || log !== undefined || readOnly) throw noConsoleFlags(name);
    const { withGpus } = await import('../guest/domain/change-gpus.ts');
    return this.changeDomain(name, withGpus(addresses), domain);
  }

  private async attachTerminal(name: string, flags: ConsoleFlags): Promise<Envelope> {
    if (this.jsonEnabled()) throw noDocument(name);
    this.changesNothing = true;
    const { journal: locks, ...directories } = guestDirectories(process.env);
    const { attachConsole } = await import('../ui/console/attach-console.ts');
    const said = await attachConsole(name, {
      ...directories,
      connect: flags.connect,
      signal: this.interrupted,
      escapeKey: flags.escapeKey ?? '^]',
      log: flags.log ?? null,
      readOnly: flags.readOnly,
      locks,
      command: `ghpass ${this.id}`,
      tell: (line) => this.progress(line),
    });
    if (said !== '') this.progress(said);
    return this.conclude({ result: null, findings: [], text: '' }, false);
  }
}

interface ConsoleFlags {
  escapeKey: string | undefined;
  log: string | undefined;
  readOnly: boolean;
  connect: string;
}

function noAddress(name: string | null): GhpassError {
  const message = `no GPU is named for ${name ?? 'the domain'}`;
  const suggestions =
    name === null
      ? ['ghpass attach --xml FILE 0009:01:00.0', 'ghpass apply --xml FILE   # the only GPU of the host']
      : [`ghpass attach ${shellWord(name)} 0009:01:00.0`, `ghpass attach ${shellWord(name)}   # its console`];
  return new GhpassError('usage', { code: 'usage', message, suggestions: ['ghpass probe', ...suggestions] });
}

function noConsoleFlags(name: string | null): GhpassError {
  return new GhpassError('usage', {
    code: 'usage',
    message: '--escape, --log and --read-only are for the console, which is attached to without addresses of GPUs',
    suggestions: [`ghpass attach ${shellWord(name ?? 'NAME')}`],
  });
}

function noDocument(name: string): GhpassError {
  return new GhpassError('usage', {
    code: 'usage',
    message: '--json: what a guest writes to its console is no document',
    suggestions: [`ghpass attach ${shellWord(name)} > FILE`],
  });
}
