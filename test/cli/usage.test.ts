import { beforeAll, describe, expect, test } from 'vitest';
import { ghpass } from './kit/ghpass.ts';
import { installedPackage } from './kit/installed.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

beforeAll(() => {
  installedPackage();
});

/** A command line, and the one error that it is: exit status, code, message, and what to try. */
interface Refusal {
  args: string[];
  status: number;
  code: string;
  message: string;
  suggestions: string[];
  /** As the document names it; by default the first word. */
  command?: string;
}

const GH200 = ['--host', 'builtin:gh200'];
const DRY = ['--dry-run', ...GH200];
const HELP = (command: string) => [`ghpass ${command} --help`];
const NAME_RULE = 'letters, digits, ".", "_" and "-", at most 63, the first a letter or digit';
const usage = (args: string[], message: string, suggestions = HELP(args[0] ?? '')): Refusal => {
  return { args, status: 2, code: 'usage', message, suggestions };
};
const badName = (name: string): Refusal => {
  const message = `${JSON.stringify(name)} is no guest name: ${NAME_RULE}`;
  const suggestions = ['ghpass create-vm demo'];
  return { args: ['create-vm', name, ...DRY], status: 2, code: 'guest.name-invalid', message, suggestions };
};
const badMemory = (size: string, why: string): Refusal => {
  const message = `--memory ${size}: the memory of a guest is ${why}`;
  const args = ['create-vm', 'demo', ...DRY, '--memory', size];
  return { args, status: 2, code: 'guest.memory-invalid', message, suggestions: ['--memory 4GiB'] };
};

const REFUSALS: Record<string, Refusal> = {
  'unknown command': usage(['nope'], 'there is no command "nope"', ['ghpass --help']),
  'empty command': { ...usage([''], 'there is no command ""', ['ghpass --help']), command: '' },
  'unknown command with --help': usage(['nope', '--help'], 'there is no command "nope"', ['ghpass --help']),
  'unknown flag': usage(['probe', '--nope'], 'Nonexistent flag: --nope'),
  'missing argument': usage(['create-vm'], 'Missing 1 required arg: name (name of the guest)'),
  'argument too many': usage(['delete', 'one', 'two'], 'Unexpected argument: two'),
  'flag without its value': usage(['probe', '--host'], 'Flag --host expects a value'),
  'value that is no number': usage(['smoke', '--vcpus', 'x'], '--vcpus: Expected an integer but received: x'),
  'value out of range': usage(
    ['smoke', '--timeout', '0'],
    '--timeout: Expected an integer greater than or equal to 1 but received: 0',
  ),
  'value out of a closed set': usage(['smoke', '--accel', 'xen'], 'Expected --accel=xen to be one of: kvm, tcg'),
  'flag that needs another': usage(
    ['create-vm', 'demo', '--emit', 'argv'],
    'All of the following must be provided when using --emit: --dry-run',
  ),
  'name that is empty': badName(''),
  'name with a comma': badName('a,b'),
  'name with quotes and markup': badName('"<a>"'),
  'name with a newline': badName('a\nb'),
  'name that is too long': badName('a'.repeat(64)),
  'memory in no unit': badMemory('1x', 'a whole number of MiB, as in 64G'),
  'memory that is negative': badMemory('-1G', 'a whole number of MiB, as in 64G'),
  'memory that is no whole MiB': badMemory('1000000001', 'a whole number of MiB, as in 64G'),
  'memory that is too little': badMemory('256M', 'at least 512 MiB'),
  'path with a newline': {
    args: ['create-vm', 'demo', ...DRY, '--disk', 'a\nb.img'],
    status: 2,
    code: 'path.invalid',
    message: '"a\\nb.img" is no usable path: it is empty or has control characters',
    suggestions: [],
  },
  'wrong PCI address': {
    args: ['probe', ...GH200, '1:2'],
    status: 2,
    code: 'pci.address-invalid',
    message: '"1:2" is no PCI address; one looks like 0009:01:00.0',
    suggestions: ['ghpass probe', 'lspci -D -d 10de:'],
  },
  'wrong PCI address to release': {
    args: ['release', '1:2'],
    status: 2,
    code: 'pci.address-invalid',
    message: '"1:2" is no PCI address; one looks like 0009:01:00.0',
    suggestions: ['ghpass probe', 'lspci -D -d 10de:'],
  },
  'GPU that is not there': {
    args: ['create-vm', 'demo', ...DRY, '--gpu', '0008:01:00.0'],
    status: 3,
    code: 'pci.not-a-coherent-gpu',
    message: '0008:01:00.0 is no coherent GPU of this host; it has 0009:01:00.0',
    suggestions: ['ghpass probe 0009:01:00.0'],
  },
  'missing snapshot': {
    args: ['probe', '--host', '/nonexistent/host'],
    status: 2,
    code: 'host.snapshot-missing',
    message: '--host /nonexistent/host: no such file or directory, and neither "local" nor "builtin:NAME"',
    suggestions: expect.arrayContaining(['--host builtin:gh200']),
  },
  'unknown builtin': {
    args: ['probe', '--host', 'builtin:nope'],
    status: 2,
    code: 'host.unknown-builtin',
    message: '--host builtin:nope: no such built-in host',
    suggestions: expect.arrayContaining(['--host builtin:gh200']),
  },
  'GPU catalogue that is not there': {
    args: ['probe', ...GH200, '--catalogue', '/nonexistent/gpus.json'],
    status: 2,
    code: 'catalogue.unreadable',
    message: '/nonexistent/gpus.json: the GPU catalogue cannot be read: ENOENT',
    suggestions: ['ghpass probe   # without --catalogue: the catalogue that ships with ghpass'],
  },
  'guest on another host': {
    args: ['create-vm', 'demo', ...GH200],
    status: 2,
    code: 'host.not-local',
    message: '--host builtin:gh200: guests are started on this machine only',
    suggestions: ['ghpass create-vm … --host builtin:gh200 --dry-run'],
  },
  'disk that is not there': {
    args: ['create-vm', 'demo', '--disk', '/nonexistent/disk.img'],
    status: 2,
    code: 'guest.file-unreadable',
    message: '"/nonexistent/disk.img": ENOENT',
    suggestions: ['ls -l "/nonexistent/disk.img"'],
  },
  'memory to overwrite without --destructive, off a terminal': {
    args: ['probe', '--memory', 'full'],
    status: 2,
    code: 'confirmation-missing',
    message: 'all of what is in the memory of every coherent GPU of this host will be lost',
    suggestions: ['ghpass probe --memory full --destructive'],
  },
  'memory of one GPU to overwrite': {
    args: ['probe', '0009:01:00.0', '--memory', 'quick'],
    status: 2,
    code: 'confirmation-missing',
    message: 'some of what is in the memory of 0009:01:00.0 will be lost',
    suggestions: ['ghpass probe 0009:01:00.0 --memory quick --destructive'],
  },
  'memory of another host': {
    args: ['probe', ...GH200, '--memory', 'quick', '--destructive'],
    status: 2,
    code: 'host.not-local',
    message: '--host builtin:gh200: memory is validated on this machine only',
    suggestions: ['ghpass probe --host builtin:gh200'],
  },
  'memory of a device that is not to be opened': {
    args: ['probe', '--no-open', '--memory', 'quick', '--destructive'],
    status: 2,
    code: 'memory.not-opened',
    message: '--memory writes into the devices, which --no-open leaves alone',
    suggestions: ['ghpass probe --memory quick --destructive'],
  },
  'memory in no known mode': usage(['probe', '--memory', 'slow'], 'Expected --memory=slow to be one of: quick, full'),
  '--destructive without --memory': usage(
    ['probe', '--destructive'],
    'All of the following must be provided when using --destructive: --memory',
  ),
  'GPUs to scrub without --destructive, off a terminal': {
    args: ['scrub', '0009:01:00.0', '0019:01:00.0'],
    status: 2,
    code: 'confirmation-missing',
    message: 'all that is in the memory of 0009:01:00.0, 0019:01:00.0 will be lost',
    suggestions: ['ghpass scrub 0009:01:00.0 0019:01:00.0 --destructive'],
  },
  'wrong PCI address to scrub': {
    args: ['scrub', '1:2', '--destructive'],
    status: 2,
    code: 'pci.address-invalid',
    message: '"1:2" is no PCI address; one looks like 0009:01:00.0',
    suggestions: ['ghpass probe', 'lspci -D -d 10de:'],
  },
  'unknown guest': {
    args: ['delete', 'no-such-guest', '--yes'],
    status: 2,
    code: 'guest.unknown',
    message: 'ghpass knows no guest named no-such-guest',
    suggestions: ['ghpass list'],
  },
  'unknown guest to start': {
    args: ['start', 'no-such-guest'],
    status: 2,
    code: 'guest.unknown',
    message: 'ghpass made no guest named no-such-guest',
    suggestions: ['ghpass list', "virsh start no-such-guest   # or shutdown, where it is somebody else's domain"],
  },
  'unknown check to run': {
    args: ['doctor', ...GH200, '--checks', 'rom.bar,kernel.pagesize'],
    status: 2,
    code: 'check.unknown',
    message: '--checks kernel.pagesize: there is no such check',
    suggestions: ['--checks kernel.page-size', '--checks kernel.nodes-shift', 'ghpass doctor --list-checks'],
  },
  'unknown check to skip': {
    args: ['doctor', '--list-checks', '--skip', 'mem.memloc'],
    status: 2,
    code: 'check.unknown',
    message: '--skip mem.memloc: there is no such check',
    suggestions: ['--skip mem.memlock', 'ghpass doctor --list-checks'],
  },
  'reason without a check to skip': usage(
    ['doctor', '--reason', 'why'],
    'All of the following must be provided when using --reason: --skip',
  ),
  'unknown help topic': {
    args: ['help', 'nope'],
    status: 2,
    code: 'help.unknown-topic',
    message: 'there is no command and no topic "nope"',
    suggestions: ['ghpass --help', 'ghpass help exit-codes', 'ghpass help environment', 'ghpass help files'],
  },
};

describe.concurrent('one error, the same in both modes:', () => {
  test.each(Object.entries(REFUSALS))(
    '%s',
    async (_what, { args, status, code, message, suggestions, command }) => {
      const plain = await ghpass(args);
      const json = await ghpass([...args, '--json']);
      const document = JSON.parse(json.stdout);
      expect(document).toEqual({
        schemaVersion: 1,
        command: command ?? args[0],
        status: 'error',
        error: { code, message, suggestions },
      });
      expect(json).toMatchObject({ status, stderr: '' });
      const tries = (document.error.suggestions as string[]).map(
        (line, i) => `  ${i ? '         ' : 'Try this:'} ${line}`,
      );
      expect(plain).toEqual({
        status,
        stdout: '',
        stderr: [`✖ ${message}`, `  Code: ${code}`, ...tries, ''].join('\n'),
      });
    },
    PATIENCE_MS,
  );

  test.each<[string[], string, string]>([
    [['--json', 'nope'], 'nope', 'there is no command "nope"'],
    [['--json'], 'ghpass', 'no command is given'],
    [['--no-color', '--json', 'probe', '--nope'], 'probe', 'Nonexistent flag: --nope'],
  ])(
    '--json before the command: %j',
    async (args, command, message) => {
      const run = await ghpass(args);
      expect(JSON.parse(run.stdout)).toMatchObject({ command, status: 'error', error: { code: 'usage', message } });
      expect(run).toMatchObject({ status: 2, stderr: '' });
    },
    PATIENCE_MS,
  );
});
