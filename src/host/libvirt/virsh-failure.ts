import { type FailureKind, GhpassError } from '../../errors.ts';
import type { ToolRun } from '../programs/run-tool.ts';
import { shellWord } from '../programs/shell-word.ts';

/** A kind of failure as virsh words it. Seen with libvirt 11.3 and 12.8 unless a comment says otherwise. */
interface Wording {
  code: string;
  kind: FailureKind;
  words: RegExp;
  /** Commands of virsh that fail so; all of them where it is left out. */
  commands?: readonly string[];
}

const CONNECTION: Wording = {
  code: 'libvirt.unreachable',
  kind: 'tool',
  // The second line is what virsh says when the daemon ends in the middle of a command.
  words: /^failed to connect to the hypervisor|^End of file while reading data|client socket is closed/m,
};

/** In this order: a connection can be refused for want of permission. */
const WORDINGS: readonly Wording[] = [
  {
    code: 'libvirt.permission',
    kind: 'permission',
    // The socket's mode, polkit (src/rpc/virnetclient.c, src/util/virpolkit.c), and the access drivers' own words.
    words:
      /^failed to connect to the hypervisor.*: Permission denied\b|authentication (failed|unavailable|cancelled)|access denied|read only access prevents/ms,
  },
  CONNECTION,
  { code: 'libvirt.no-domain', kind: 'usage', words: /^failed to get domain|Domain not found/m },
  { code: 'libvirt.domain-exists', kind: 'usage', words: /domain '.*' (already exists|is already defined) with uuid/ },
  {
    code: 'libvirt.domain-state',
    kind: 'usage',
    words: /^Domain is already active|^Requested operation is not valid: |domain is not running/m,
  },
  {
    code: 'libvirt.invalid-xml',
    kind: 'tool',
    words:
      /^(unsupported configuration: |XML error: |XML document failed to validate|invalid argument: |at line \d+: )/m,
    commands: ['define', 'domxml-to-native'],
  },
  // What the parser calls an internal error is a value that does not fit another one ("Number of CPUs in <numa> exceeds …").
  { code: 'libvirt.invalid-xml', kind: 'tool', words: /^internal error: /m, commands: ['define'] },
  { code: 'libvirt.start-failed', kind: 'tool', words: /(?:)/, commands: ['start'] },
];
const OTHER: Wording = { code: 'libvirt.failed', kind: 'tool', words: /(?:)/ };

/**
 * What a virsh that failed says, as one error.
 * @returns GhpassError `libvirt.unreachable`, `libvirt.permission`, `libvirt.no-domain`, `libvirt.domain-exists`,
 * `libvirt.domain-state`, `libvirt.invalid-xml`, `libvirt.start-failed`, or `libvirt.failed` for everything else. Each
 * quotes libvirt's own last line.
 */
export function virshFailure(uri: string, args: readonly string[], { stderr, status }: ToolRun): GhpassError {
  const [command = ''] = args;
  const blocks = stderr.split(/^error: /m).slice(1);
  const lines = blocks.map((block) =>
    block
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  );
  const text = lines.map((block) => block.join('\n')).join('\n');
  const { code, kind } =
    WORDINGS.find(({ words, commands }) => (commands?.includes(command) ?? true) && words.test(text)) ?? OTHER;
  const last = lines.at(-1)?.join('; ') ?? `no word of why (status ${status})`;
  return new GhpassError(kind, {
    code,
    message: `virsh ${command} at ${uri}: ${last}`,
    suggestions: suggestionsFor(code, uri),
  });
}

function suggestionsFor(code: string, uri: string): string[] {
  const virsh = `virsh --connect=${shellWord(uri)}`;
  if (code === 'libvirt.unreachable')
    return ['systemctl start virtqemud.socket   # or libvirtd.socket', `${virsh} version`];
  if (code === 'libvirt.permission')
    return ['run ghpass as root', 'usermod --append --groups libvirt "$USER"   # after the next login'];
  if (code === 'libvirt.start-failed')
    return ['ls -t /var/log/libvirt/qemu | head', 'journalctl --boot --unit=virtqemud --unit=libvirtd'];
  if (code === 'libvirt.invalid-xml') return [`${virsh} version --daemon`];
  return [`${virsh} list --all`];
}
