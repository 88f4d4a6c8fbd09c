import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { GH200 } from '../../src/host/builtin/gh200.ts';
import { synthesize } from '../../src/host/builtin/synthesize.ts';
import { ghpass, type Run, type RunOptions } from './kit/ghpass.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';
import { writeTree } from './kit/tree.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;
const CORPUS = join(import.meta.dirname, '../libvirt/corpus');
const HOST = ['--host', 'builtin:gh200'];
const GPU = '0009:01:00.0';
const SECOND = '0019:01:00.0';

const temporaryDirectory = temporaryDirectories();

beforeAll(() => {
  installedPackage();
});

const corpusFile = (name: string) => join(CORPUS, `${name}.xml`);
const foreign = (name: string) => readFileSync(corpusFile(name), 'utf8');

function fileWith(content: string): string {
  const file = join(temporaryDirectory(), 'domain.xml');
  writeFileSync(file, content);
  return file;
}

/** The smallest domain that can have a GPU, under a name as it stands in a document. */
const called = (name: string) => foreign('minimal').replace('>minimal<', () => `>${name}<`);

/** What a command prints that ends well, whatever it says beside that. */
async function printed(args: string[], options?: RunOptions): Promise<string> {
  const run = await ghpass(args, options);
  expect(run, args.join(' ')).toMatchObject({ status: 0 });
  return run.stdout;
}

async function refused(run: Promise<Run>): Promise<{ status: number | null; error: Record<string, unknown> }> {
  const { status, stdout, stderr } = await run;
  expect(stderr).toBe('');
  return { status, error: JSON.parse(stdout).error };
}

/** PATH with a virsh that has one domain, and that ends with an error where it is asked to change it. */
function virshWith(xml: string): Record<string, string> {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'domain.xml'), xml);
  const name = /<name>(.*)<\/name>/.exec(xml)?.[1] ?? '';
  const script = `#!/bin/sh
case "$*" in
  *dumpxml*) cat ${directory}/domain.xml;;
  *" list "*) echo '00000000-0000-0000-0000-000000000001 ${name}';;
  *domstate*) echo 'shut off';;
  *) exit 1;;
esac
`;
  writeFileSync(join(directory, 'virsh'), script);
  chmodSync(join(directory, 'virsh'), 0o755);
  return { PATH: `${directory}:${process.env.PATH}` };
}

describe.concurrent('a domain in a file', { timeout: PATIENCE_MS }, () => {
  test.each([
    'minimal',
    'carriage-returns',
    'cells-scattered-cpus',
    'commandline-own',
    'comments-everywhere',
    'metacharacters',
    'metadata-several',
    'non-ascii',
    'odd-whitespace',
    'virt-manager',
  ])('%s gets its GPU once, however often it is applied, and detach gives the same bytes back', async (name) => {
    const file = corpusFile(name);
    const once = await printed(['apply', ...HOST, '--xml', file, GPU]);
    expect(once).toContain(`address='${GPU}'`);
    expect(await printed(['apply', ...HOST, '--xml', '-'], { input: once })).toBe(once);
    expect(await printed(['attach', ...HOST, '--xml', '-', GPU, '--dry-run', '--emit', 'xml'], { input: once })).toBe(
      once,
    );
    expect(await printed(['detach', ...HOST, '--xml', '-', GPU], { input: once })).toBe(foreign(name));
    expect(await printed(['detach', '--xml', '-'], { input: once })).toBe(foreign(name));
  });

  test('two GPUs one after the other are the two at once, and each can go', async () => {
    const two = ['--host', 'builtin:gh200-nvl2', '--xml', '-'];
    const input = foreign('minimal');
    const first = await printed(['attach', ...two, GPU], { input });
    const both = await printed(['attach', ...two, SECOND], { input: first });
    expect(await printed(['apply', ...two, GPU, SECOND], { input })).toBe(both);
    expect(await printed(['detach', ...two, SECOND], { input: both })).toBe(first);
    expect(await printed(['detach', ...two, GPU], { input: both })).toBe(
      await printed(['apply', ...two, SECOND], { input }),
    );
  });

  test.each(['a,b', '&quot;&lt;&gt;&quot;', 'a&apos;b', '$(reboot); `id`', '-x', 'ä €'])(
    'a name like %s is a name and nothing else',
    async (name) => {
      const input = called(name);
      const once = await printed(['apply', ...HOST, '--xml', '-'], { input });
      expect(once).toContain(`<name>${name}</name>`);
      expect(await printed(['detach', '--xml', '-'], { input: once })).toBe(input);
    },
  );

  test('a command to paste has the name as one word', async () => {
    const input = called('a; reboot').replace('<acpi/>', '');
    expect((await ghpass(['apply', ...HOST, '--xml', '-'], { input })).stderr).toContain("virsh edit 'a; reboot'   #");
  });

  test.each([
    ['native', ["<acpi nodeset='1-8'/>", "<pcihole64 unit='KiB'>"], ['qemu:commandline']],
    ['auto', ["<acpi nodeset='1-8'/>", "<pcihole64 unit='KiB'>"], ['qemu:commandline']],
    ['fallback', ['acpi-generic-initiator,id=', 'highmem-mmio-size='], ['<acpi nodeset', '<pcihole64']],
  ])('--profile %s', async (profile, has, lacks) => {
    const xml = await printed(['apply', ...HOST, '--xml', corpusFile('minimal'), '--profile', profile]);
    expect(has.filter((text) => !xml.includes(text))).toEqual([]);
    expect(lacks.filter((text) => xml.includes(text))).toEqual([]);
  });

  test('--profile auto is the fallback for a libvirt that drops elements, and says so', async () => {
    const old = ['--host', 'builtin:broken-old-libvirt', '--xml', corpusFile('minimal')];
    const auto = await ghpass(['apply', ...old, '--json']);
    const { result, findings } = JSON.parse(auto.stdout);
    expect(`${result.xml}`).toBe(await printed(['apply', ...old, '--profile', 'fallback']));
    expect(findings).toContainEqual(expect.objectContaining({ id: 'libvirt.nodeset-dropped', severity: 'info' }));
    expect(auto.status).toBe(0);
  });

  test('--managed has libvirt bind the variant driver, and what is not asked stays as it was', async () => {
    const file = ['--xml', '-'];
    const input = await printed(['apply', ...HOST, ...file, '--managed'], { input: foreign('minimal') });
    expect(input).toContain("managed='yes'");
    expect(input).toContain("model='nvgrace_gpu_vfio_pci'");
    expect(await printed(['apply', ...HOST, ...file], { input })).toBe(input);
    expect(await printed(['apply', ...HOST, ...file, '--no-managed'], { input })).toContain("managed='no'");
  });

  test('is waited for, where what prints it is slower than ghpass', async () => {
    const slowly = ['sh', '-c', '{ sleep 1; head --bytes=100; sleep 1; cat; } | "$@"', 'sh'];
    const given = { input: foreign('minimal'), within: slowly };
    const args = ['apply', ...HOST, '--xml', '-', GPU];
    expect(await printed(args, given)).toBe(await printed(args, { input: given.input }));
  });

  test('--diff is what diff -u would show, and has its exit status', async () => {
    const file = ['--xml', '-', '--diff'];
    const before = foreign('minimal');
    const changed = await ghpass(['attach', ...HOST, GPU, ...file], { input: before });
    expect(changed).toMatchObject({ status: 1 });
    const lines = changed.stdout.split('\n');
    expect(lines.slice(0, 2)).toEqual(['--- minimal (now)', '+++ minimal (planned)']);
    expect(lines.filter((line) => line.includes('<ghpass:gpu '))).toEqual([expect.stringMatching(/^\+/)]);
    const input = await printed(['apply', ...HOST, '--xml', '-'], { input: before });
    expect(await ghpass(['attach', ...HOST, GPU, ...file], { input })).toMatchObject({ status: 0, stdout: '' });
    expect(await ghpass(['detach', ...file], { input: before })).toMatchObject({ status: 0, stdout: '' });
    const json = await ghpass(['detach', ...file, '--json'], { input });
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      command: 'detach',
      status: 'ok',
      result: { diff: expect.stringContaining('-      <ghpass:gpu ') },
    });
  });

  test('--json has the document as it is, or the plan', async () => {
    const words = ['--xml', corpusFile('minimal'), '--json'];
    const [xml, plan] = await Promise.all([
      printed(['apply', ...HOST, ...words]),
      printed(['attach', ...HOST, GPU, ...words, '--emit', 'plan']),
    ]);
    expect(JSON.parse(xml)).toMatchObject({
      schemaVersion: 1,
      command: 'apply',
      status: 'ok',
      result: { xml: expect.stringMatching(/^<domain [\s\S]*<\/domain>\n$/) },
      findings: [],
    });
    expect(JSON.parse(plan)).toMatchObject({
      command: 'attach',
      result: { plan: { name: 'minimal', gpus: [{ address: GPU, nodes: [1, 2, 3, 4, 5, 6, 7, 8] }] } },
    });
  });

  test.each([
    ['acpi-off', ['domain.acpi-off']],
    ['x86-q35', ['domain.machine', 'domain.cpu-mode']],
    ['gic-2', ['domain.gic']],
    ['maxmemory-slots', ['domain.memory-hotplug']],
    ['iommu-smmuv3', ['domain.iommu']],
    ['commandline-nodes', ['domain.qemu-arguments']],
  ])('%s is a failed check, in both modes', async (name, ids) => {
    const args = ['attach', ...HOST, '--xml', corpusFile(name), GPU];
    const json = await ghpass([...args, '--json']);
    const { status, findings } = JSON.parse(json.stdout) as {
      status: string;
      findings: { id: string; severity: string }[];
    };
    expect([json.status, status]).toEqual([1, 'fail']);
    expect(findings.filter(({ severity }) => severity === 'fail').map(({ id }) => id)).toEqual(
      expect.arrayContaining(ids),
    );
    const plain = await ghpass(args);
    expect(plain.status).toBe(1);
    for (const id of ids) expect(plain.stderr).toContain(`Code: ${id}`);
  });
});

describe.concurrent('a domain of libvirt, dry', { timeout: PATIENCE_MS }, () => {
  test.each([
    ['--dry-run', 0, "<acpi nodeset='1-8'/>"],
    ['--diff', 1, '+++ minimal (planned)'],
  ])('attach %s reads it and changes nothing', async (flag, status, text) => {
    const env = virshWith(foreign('minimal'));
    const run = await ghpass(['attach', 'minimal', GPU, ...HOST, flag], { env });
    expect(run).toMatchObject({ status, stdout: expect.stringContaining(text) });
  });

  test('detach needs no host to look at', async () => {
    const env = virshWith(await printed(['apply', ...HOST, '--xml', corpusFile('minimal')]));
    expect(await printed(['detach', 'minimal', '--dry-run'], { env })).toBe(foreign('minimal'));
  });

  test('on a host that does not tell about libvirt, the newest is assumed, and that is said', async () => {
    const tree = synthesize(GH200);
    const directory = temporaryDirectory();
    const { '/ghpass/tools.json': _tools, ...files } = tree.files;
    writeTree({ ...tree, files }, directory);
    const { result, findings } = JSON.parse(
      await printed(['apply', '--host', directory, '--xml', corpusFile('minimal'), '--json']),
    );
    expect(result.xml).toContain("<acpi nodeset='1-8'/>");
    expect(findings).toContainEqual(
      expect.objectContaining({
        id: 'libvirt.version',
        severity: 'info',
        message: `${directory} does not tell about libvirt: libvirt 12.8.0 is assumed`,
      }),
    );
  });
});

test('what to do next has name and URI of a domain as one word each', { timeout: PATIENCE_MS }, async () => {
  const xml = await printed(['apply', ...HOST, '--xml', '-'], { input: called('a; reboot') });
  const uri = 'qemu+ssh://root@grace/system?keyfile=/k&no_verify=1';
  const env = virshWith(xml);
  const run = await printed(['status', 'a; reboot', '--connect', uri, '--json'], { env });
  expect(JSON.parse(run).result.next).toEqual([
    "ghpass detach 'a; reboot'",
    `virsh --connect='${uri}' start 'a; reboot'`,
  ]);
});

describe.concurrent('create-vm for libvirt, dry', { timeout: PATIENCE_MS }, () => {
  const create = (...words: string[]) => ['create-vm', 'demo', ...HOST, '--dry-run', ...words];

  test('--emit xml is a domain, and says which back end it is for by itself', async () => {
    const xml = await printed(create('--backend', 'libvirt', '--emit', 'xml'));
    expect(xml).toContain('<name>demo</name>');
    expect(xml).toContain("<acpi nodeset='1-8'/>");
    expect(await printed(create('--emit', 'xml'))).toBe(xml);
    expect(JSON.parse(await printed(create('--emit', 'xml', '--json')))).toMatchObject({
      command: 'create-vm',
      result: { xml },
    });
  });

  test('--emit plan is the default, and the plan is that of the other back end', async () => {
    const plan = await printed(create('--backend', 'libvirt', '--vfio', 'iommufd'));
    expect(JSON.parse(plan)).toMatchObject({ name: 'demo', gpus: [{ address: GPU }] });
    expect(await printed(create('--vfio', 'iommufd'))).toBe(plan);
  });

  test('paths are data, whatever is in them', async () => {
    const xml = await printed(create('--emit', 'xml', '--disk', `/a,b "<c>&'$(d).qcow2`));
    expect(xml).toContain("file='/a,b &quot;&lt;c&gt;&amp;&apos;$(d).qcow2'");
  });

  test('a template of one’s own', async () => {
    const template = fileWith(foreign('minimal').replace('<domain', '<!-- ours -->\n<domain'));
    const xml = await printed(create('--emit', 'xml', '--template', template, '--memory', '8G'));
    expect(xml).toMatch(/^<!-- ours -->\n<domain type='kvm'/);
    expect(xml).toContain("<memory unit='KiB'>8388608</memory>");
  });

  test.each([
    ['<memory', "<maxMemory slots='1' unit='GiB'>64</maxMemory><memory", 'domain.memory-hotplug'],
    ['<acpi/>', '', 'domain.acpi-off'],
    ['<acpi/>', "<acpi/><gic version='2'/>", 'domain.gic'],
  ])('a template in which %s is %j is a failed check, as such a domain is', async (part, instead, id) => {
    const template = fileWith(foreign('minimal').replace(part, instead));
    const run = await ghpass(create('--emit', 'xml', '--template', template, '--json'));
    const { findings } = JSON.parse(run.stdout) as { findings: { id: string; remedy: string[] }[] };
    expect(run.status).toBe(1);
    expect(findings.find((finding) => finding.id === id)?.remedy).toEqual([
      expect.stringMatching(/^in the template: (?:take out|add|<gic)/),
    ]);
  });

  test.each([
    ['<network/>', 'domain.unreadable', 'the template is no domain of libvirt: its root element is network'],
    ['<domain>', 'xml.invalid', expect.stringContaining('no XML that can be edited: Unclosed tag')],
  ])('a template that is %s', async (content, code, message) => {
    const args = create('--emit', 'xml', '--template', fileWith(content), '--json');
    expect(await refused(ghpass(args))).toMatchObject({ status: 2, error: { code, message } });
  });

  test('huge pages that libvirt would not find are a failed check', async () => {
    const { status, stdout } = await ghpass(create('--backend', 'libvirt', '--hugepages', '512M', '--json'));
    expect([status, JSON.parse(stdout).findings.map(({ id }: { id: string }) => id)]).toEqual([
      1,
      expect.arrayContaining(['libvirt.hugepages']),
    ]);
  });
});

/** A command line, and the one error that it is. */
const REFUSALS: Record<
  string,
  { args: string[]; input?: string; status?: number; code?: string; message: unknown; tries?: string[] }
> = {
  'attach without a name': { args: ['attach'], message: 'the name of a domain is missing' },
  'attach with an address where the name should be': {
    args: ['attach', GPU],
    message: `the name of a domain is missing before ${GPU}`,
    tries: ['virsh list --all', '--xml FILE   # a domain in a file'],
  },
  'detach without a name': { args: ['detach'], message: 'the name of a domain is missing' },
  'attach without an address': {
    args: ['attach', 'a b', '--diff'],
    message: 'no GPU is named for a b',
    tries: ['ghpass probe', `ghpass attach 'a b' ${GPU}`, "ghpass attach 'a b'   # its console"],
  },
  'attach to a file without an address': {
    args: ['attach', '--xml', '-', ...HOST],
    message: 'no GPU is named for the domain',
    tries: ['ghpass probe', `ghpass attach --xml FILE ${GPU}`, 'ghpass apply --xml FILE   # the only GPU of the host'],
  },
  'attach with no address': {
    args: ['attach', 'demo', '1:2'],
    code: 'pci.address-invalid',
    message: '"1:2" is no PCI address; one looks like 0009:01:00.0',
  },
  'a name beside a file': {
    args: ['attach', '--xml', '-', 'demo', GPU],
    code: 'pci.address-invalid',
    message: '"demo" is no PCI address; one looks like 0009:01:00.0',
  },
  'a GPU that the host has not': {
    args: ['apply', ...HOST, '--xml', '-', '0008:01:00.0'],
    status: 3,
    code: 'pci.not-a-coherent-gpu',
    message: '0008:01:00.0 is no coherent GPU of this host; it has 0009:01:00.0',
  },
  'a choice that nobody made': {
    args: ['apply', '--host', 'builtin:gh200-nvl2', '--xml', '-'],
    code: 'gpu.ambiguous',
    message: expect.stringContaining('this host has 2 coherent GPUs'),
    tries: [GPU, `${GPU} ${SECOND}`],
  },
  'apply without a document': { args: ['apply', ...HOST], message: 'Missing required flag xml' },
  'a file that is not there': {
    args: ['apply', ...HOST, '--xml', '/nonexistent'],
    code: 'path.unreadable',
    message: '--xml /nonexistent: ENOENT',
  },
  'a directory': {
    args: ['apply', ...HOST, '--xml', CORPUS],
    code: 'path.unreadable',
    message: `--xml ${CORPUS}: EISDIR`,
  },
  'nothing on standard input': {
    args: ['apply', ...HOST, '--xml', '-'],
    code: 'xml.invalid',
    message: 'the domain is no XML that can be edited: it is empty',
  },
  'a tag that is not closed': {
    args: ['apply', ...HOST, '--xml', '-'],
    input: '<domain>\n  <name>a</name>\n',
    code: 'xml.invalid',
    message: "the domain is no XML that can be edited: Unclosed tag 'domain'. (line 1, column 1)",
  },
  'a document type': {
    args: ['apply', ...HOST, '--xml', '-'],
    input: '<!DOCTYPE domain [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<domain><name>&a;</name></domain>\n',
    code: 'xml.invalid',
    message: 'the domain is no XML that can be edited: it has a document type',
  },
  'another document of libvirt': {
    args: ['apply', ...HOST, '--xml', '-'],
    input: '<network><name>a</name></network>',
    code: 'domain.unreadable',
    message: 'this is no domain of libvirt: its root element is network',
  },
  'a domain without a name': {
    args: ['apply', ...HOST, '--xml', '-'],
    input: called(''),
    code: 'domain.unreadable',
    message: 'this is no domain of libvirt: name is missing or cannot be read',
  },
  'a name with a line feed': {
    args: ['apply', ...HOST, '--xml', '-'],
    input: called('a&#10;b'),
    code: 'domain.unreadable',
    message: 'this is no domain of libvirt: its name "a\\nb" has a control character',
  },
  'a GPU that ghpass did not give': {
    args: ['detach', '--xml', corpusFile('minimal'), GPU],
    code: 'domain.gpu-absent',
    message: `the domain has no ${GPU} from ghpass; it has none`,
    tries: ['ghpass detach --xml FILE'],
  },
  '--profile native for a libvirt that drops elements': {
    args: ['apply', '--host', 'builtin:broken-old-libvirt', '--xml', corpusFile('minimal'), '--profile', 'native'],
    status: 5,
    code: 'libvirt.profile',
    message:
      'libvirt 11.3.0 does not know <acpi nodeset> of a hostdev, <cell memory="0">, <pcihole64> on the virt machine',
    tries: ['--profile auto', '--profile fallback'],
  },
  'iommufd of a libvirt without an element for it': {
    args: ['apply', '--host', 'builtin:broken-old-libvirt', '--xml', corpusFile('minimal'), '--vfio', 'iommufd'],
    status: 5,
    code: 'libvirt.profile',
    message: "libvirt 11.3.0 has no element for iommufd as the VFIO path, which '--vfio iommufd' asks for",
  },
  'an SMMU in the fallback profile': {
    args: ['create-vm', 'demo', ...HOST, '--dry-run', '--emit', 'xml', '--profile', 'fallback', '--smmu', 'on'],
    status: 5,
    code: 'libvirt.profile',
    message: "the fallback profile has no element for an accelerated SMMUv3, which '--smmu on' asks for",
  },
  '--emit where something would be defined': {
    args: ['attach', 'demo', GPU, '--emit', 'xml'],
    message: '--emit xml is for what is not defined: it needs --dry-run or --xml',
    tries: ['--dry-run --emit xml'],
  },
  'a domain of another host': {
    args: ['attach', 'demo', GPU, ...HOST, '--yes'],
    code: 'host.not-local',
    message: '--host builtin:gh200: domains are changed for this machine only',
    tries: ['--dry-run', '--diff'],
  },
  'arguments of QEMU for libvirt': {
    args: ['create-vm', 'demo', ...HOST, '--dry-run', '--backend', 'libvirt', '--emit', 'argv'],
    message: '--emit argv is what ghpass gives QEMU itself; libvirt makes its own of the domain',
  },
  'a domain for QEMU': {
    args: ['create-vm', 'demo', ...HOST, '--dry-run', '--backend', 'qemu', '--emit', 'xml'],
    message: '--emit xml is a domain of libvirt, and --backend qemu has none',
  },
  'a template for QEMU': {
    args: ['create-vm', 'demo', ...HOST, '--dry-run', '--template', '/nonexistent'],
    message: '--template is about a domain of libvirt, and QEMU would be started as a process',
  },
  'a template that is not there': {
    args: ['create-vm', 'demo', ...HOST, '--dry-run', '--backend', 'libvirt', '--template', '/nonexistent'],
    code: 'path.unreadable',
    message: '--template /nonexistent: ENOENT',
  },
  'a guest on POWER9': {
    args: ['create-vm', 'demo', '--host', 'builtin:power9-v100', '--dry-run', '--backend', 'libvirt'],
    message: 'a guest on POWER9 is planned for QEMU alone, not for a domain of libvirt',
  },
};

describe.concurrent('one error, the same in both modes:', { timeout: PATIENCE_MS }, () => {
  test.each(Object.entries(REFUSALS))(
    '%s',
    async (_what, { args, input = '', status = 2, code = 'usage', message, tries }) => {
      const { error, ...rest } = await refused(ghpass([...args, '--json'], { input }));
      expect(rest.status).toBe(status);
      expect(error).toEqual({ code, message, suggestions: tries ?? expect.any(Array) });
      const plain = await ghpass(args, { input });
      expect(plain).toMatchObject({ status, stdout: '' });
      expect(plain.stderr).toContain(`✖ ${error.message}\n  Code: ${code}\n`);
    },
  );
});
