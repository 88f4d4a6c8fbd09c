import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Virsh } from '../../src/libvirt/virsh.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { fakeVirsh, withEnvironment } from './kit/fake-virsh.ts';

const URI = 'qemu+ssh://root@grace/system';
const UUID = '6fceb91b-9e0e-4612-b500-c39550917e61';
const ALWAYS = [`--connect=${URI}`, '--quiet'];

/** A virsh that fails as the real ones do: what they wrote was recorded with libvirt 11.3 and 12.8. */
const failing = (...lines: string[]) =>
  fakeVirsh(`cat >&2 <<'EOF'\n${lines.map((line) => `${line}\n`).join('')}\nEOF\nexit 1`);
const CONNECTING = 'error: failed to connect to the hypervisor';

describe('failures of virsh', () => {
  test.each([
    [
      'libvirt.unreachable',
      'tool',
      [CONNECTING, "error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory"],
    ],
    [
      'libvirt.unreachable',
      'tool',
      [CONNECTING, "error: unable to connect to server at '127.0.0.1:1': Connection refused"],
    ],
    ['libvirt.unreachable', 'tool', [CONNECTING, "error: Cannot find 'ssh' in path: No such file or directory"]],
    [
      'libvirt.permission',
      'permission',
      [CONNECTING, "error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied"],
    ],
    [
      'libvirt.permission',
      'permission',
      [
        CONNECTING,
        "error: authentication unavailable: no polkit agent available to authenticate action 'org.libvirt.unix.manage'",
      ],
    ],
    ['libvirt.no-domain', 'usage', ["error: failed to get domain 'demo'"]],
    ['libvirt.domain-state', 'usage', ['error: Domain is already active']],
    [
      'libvirt.start-failed',
      'tool',
      [
        "error: Failed to start domain 'demo'",
        "error: Cannot access storage file '/a.qcow2' (as uid:0, gid:0): Permission denied",
      ],
    ],
    [
      'libvirt.start-failed',
      'tool',
      [
        "error: Failed to start domain 'demo'",
        'error: internal error: process exited while connecting to monitor: qemu-system-aarch64: -frob: invalid option',
      ],
    ],
    ['libvirt.start-failed', 'tool', ['error: something that nobody has seen yet']],
  ])('start: %s', async (code, kind, lines) => {
    failing(...lines);
    const last = lines.at(-1)?.replace('error: ', '');
    await expect(new Virsh(URI).start('demo')).rejects.toThrow(
      expect.objectContaining({ code, kind, message: `virsh start at ${URI}: ${last}` }),
    );
  });

  test.each([
    [
      'libvirt.invalid-xml',
      [
        'XML document failed to validate against schema: Unable to validate doc against /usr/share/libvirt/schemas/domain.rng',
        'Extra element devices in interleave',
        'Element domain failed to validate content',
      ],
    ],
    ['libvirt.invalid-xml', ['internal error: Number of CPUs in <numa> exceeds the <vcpu> count']],
    [
      'libvirt.invalid-xml',
      [
        'at line 1: Opening and ending tag mismatch: name line 1 and nam',
        '<domain><name>x</nam>',
        '---------------------^',
      ],
    ],
    [
      'libvirt.invalid-xml',
      ["unsupported configuration: Setting the 64-bit PCI hole size is not supported for machine 'virt-10.0'"],
    ],
    ['libvirt.domain-exists', [`operation failed: domain 'demo' already exists with uuid ${UUID}`]],
    ['libvirt.domain-exists', [`operation failed: domain 'demo' is already defined with uuid ${UUID}`]],
    ['libvirt.failed', ['cannot create file: No space left on device']],
  ])('define: %s, in the words of libvirt', async (code, lines) => {
    failing('error: Failed to define domain from /tmp/x', `error: ${lines.join('\n')}`);
    await expect(new Virsh(URI).define('<domain/>')).rejects.toThrow(
      expect.objectContaining({ code, message: `virsh define at ${URI}: ${lines.join('; ')}` }),
    );
  });

  test('a virsh that says nothing', async () => {
    fakeVirsh('kill -KILL $$');
    await expect(new Virsh(URI).domainNames()).rejects.toThrow(
      expect.objectContaining({
        code: 'libvirt.failed',
        message: `virsh list at ${URI}: no word of why (status null)`,
      }),
    );
  });

  test('no virsh', async () => {
    withEnvironment({ PATH: temporaryDirectory() });
    await expect(new Virsh().domainNames()).rejects.toThrow(
      expect.objectContaining({ code: 'libvirt.missing', kind: 'tool', message: 'virsh is not on PATH' }),
    );
  });

  test('a virsh that gives no answer', async () => {
    fakeVirsh('exec sleep 30');
    await expect(new Virsh(URI, { deadlineMs: 200 }).domainNames()).rejects.toThrow(
      expect.objectContaining({
        code: 'libvirt.timeout',
        kind: 'timeout',
        message: expect.stringContaining(`virsh list at ${URI}: virsh gave no answer`),
      }),
    );
  });
});

describe('what virsh is called with', () => {
  test.each(['demo', '_a.b-c'])('%s can only be a name', async (name) => {
    const virsh = fakeVirsh('echo "shut off"');
    expect(await new Virsh(URI).state(name)).toBe('shut off');
    expect(virsh.calls()).toEqual([[...ALWAYS, 'domstate', `--domain=${name}`]]);
  });

  test.each([
    '5',
    '-x',
    '--help',
    "a b 'c",
    '$(reboot)',
    '11111111-2222-3333-4444-555555555555',
    'abcdefabcdefabcdefabcdefabcdefab',
    'a\u2028b',
  ])('the domain that is called %s is looked up, because virsh could take it for something else', async (name) => {
    const listed = [`0fceb91b-9e0e-4612-b500-c39550917e61 ${name}x`, `${UUID} ${name}`].join('\n');
    const virsh = fakeVirsh(`case "$*" in *list*) cat <<'EOF'\n${listed}\n\nEOF\n;; *) echo running;; esac`);
    expect(await new Virsh(URI).state(name)).toBe('running');
    expect(virsh.calls()).toEqual([
      [...ALWAYS, 'list', '--all', '--uuid', '--name'],
      [...ALWAYS, 'domstate', `--domain=${UUID}`],
    ]);
  });

  test('a number that no domain is called is no id', async () => {
    fakeVirsh('');
    await expect(new Virsh(URI).destroy('5')).rejects.toThrow(
      expect.objectContaining({ code: 'libvirt.no-domain', message: `no domain at ${URI} is called "5"` }),
    );
  });

  test.each<[string, (virsh: Virsh) => Promise<unknown>, string[]]>([
    [
      'dumpXml',
      (virsh) => virsh.dumpXml('demo', { inactive: true }),
      ['dumpxml', '--domain=demo', '--security-info', '--inactive'],
    ],
    [
      'dumpXml of what runs',
      (virsh) => virsh.dumpXml('demo', { inactive: false }),
      ['dumpxml', '--domain=demo', '--security-info'],
    ],
    ['undefine', (virsh) => virsh.undefine('demo', { nvram: true }), ['undefine', '--domain=demo', '--nvram']],
    [
      'undefine without',
      (virsh) => virsh.undefine('demo', { nvram: false }),
      ['undefine', '--domain=demo', '--keep-nvram'],
    ],
    ['start', (virsh) => virsh.start('demo'), ['start', '--domain=demo']],
    ['shutdown', (virsh) => virsh.shutdown('demo'), ['shutdown', '--domain=demo']],
    ['destroy', (virsh) => virsh.destroy('demo'), ['destroy', '--domain=demo']],
  ])('%s', async (_name, act, args) => {
    const virsh = fakeVirsh('');
    await act(new Virsh(URI));
    expect(virsh.calls()).toEqual([[...ALWAYS, ...args]]);
  });

  test('define: the schema is asked, and the document is in a file that nobody else can read and that has no name', async () => {
    const copy = `${temporaryDirectory()}/copy`;
    const virsh = fakeVirsh(`cat > ${copy}; readlink /proc/self/fd/0 >> ${copy}; stat -Lc %a /dev/stdin >> ${copy}`);
    const temporary = temporaryDirectory();
    withEnvironment({ TMPDIR: temporary });
    await new Virsh(URI).define("<domain a='$(reboot)'/>\n");
    expect(virsh.calls()).toEqual([[...ALWAYS, 'define', '--file=/proc/self/fd/0', '--validate']]);
    expect(readFileSync(copy, 'utf8')).toMatch(/^<domain a='\$\(reboot\)'\/>\n\S+ \(deleted\)\n600\n$/);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

test('nativeArgv takes the environment away, and the quotes that are the shell’s', async () => {
  fakeVirsh(
    `cat <<'EOF'\nLC_ALL=C HOME='/a b' /usr/bin/qemu -name 'guest=it'\\''s,x=1' -device '{"driver":"vfio-pci"}' \\\n-S\nEOF`,
  );
  const argv = await new Virsh(URI).nativeArgv('<domain/>');
  expect(argv).toEqual(['/usr/bin/qemu', '-name', "guest=it's,x=1", '-device', '{"driver":"vfio-pci"}', '-S']);
});

test('a URI with parameters is one word of each command to try', async () => {
  const uri = 'qemu+ssh://root@grace/system?keyfile=/k&no_verify=1';
  failing(CONNECTING, "error: unable to connect to server at '127.0.0.1:1': Connection refused");
  await expect(new Virsh(uri).domainNames()).rejects.toMatchObject({
    suggestions: expect.arrayContaining([`virsh --connect='${uri}' version`]),
  });
  fakeVirsh('');
  await expect(new Virsh(uri).nameOf(UUID)).rejects.toMatchObject({
    suggestions: [`virsh --connect='${uri}' list --all --uuid --name`],
  });
});
