import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { requireThisMachine } from '../../src/guest/domain/require-this-machine.ts';
import type { Host } from '../../src/host/host.ts';
import { isSameMachine, mayLeadElsewhere } from '../../src/host/libvirt/libvirt-machine.ts';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { openHost } from '../../src/host/open.ts';
import { fakeVirsh } from './kit/fake-virsh.ts';

const URI = 'qemu+ssh://root@grace01/system';
const HERE = '6fceb91b-9e0e-4612-b500-c39550917e61';
const THERE = '00000000-0000-0000-0000-0cc47a000001';

/** This machine, with a UUID in its SMBIOS or without. */
async function localHost(uuid: string | null): Promise<Host> {
  const files = uuid === null ? {} : { '/sys/class/dmi/id/product_uuid': `${uuid.toUpperCase()}\n` };
  return { ...(await openHost('local')), files: memoryFiles({ files, links: {} }) };
}

/** A libvirt on a machine. */
function libvirtOn(name: string, uuid: string): ReturnType<typeof fakeVirsh> {
  const capabilities = `<capabilities>\n\n  <host>\n    <uuid>${uuid}</uuid>\n    <cpu/></host></capabilities>`;
  return fakeVirsh(`case "$*" in *hostname) echo '${name}'; echo;; *capabilities) echo '${capabilities}';; esac`);
}

describe('a URI that may lead elsewhere', () => {
  test.each([
    'qemu+ssh://root@grace01/system',
    'qemu+tls://grace01.example/system',
    'qemu+tcp://127.0.0.1:16509/system',
    'qemu+unix:///system?socket=/tmp/forwarded',
    'qemu:///system?x=1&socket=/tmp/forwarded',
    'grace',
  ])('%s', (uri) => expect(mayLeadElsewhere(uri)).toBe(true));

  test.each(['qemu:///system', 'qemu:///session', 'qemu+unix:///system', 'qemu:///system?mode=direct'])(
    '%s does not',
    (uri) => expect(mayLeadElsewhere(uri)).toBe(false),
  );
});

test.each([
  ['the same UUID, by another name', 'a', HERE, 'b', HERE, true],
  ['another UUID, by the same name', 'a', HERE, 'a', THERE, false],
  ['a name with its domain and one without', 'grace01', null, 'Grace01.example.org', HERE, true],
  ['two names', 'grace01', HERE, 'grace02', null, false],
])('%s', (_, hostname, uuid, otherName, otherUuid, isSame) => {
  expect(isSameMachine({ hostname, uuid }, { hostname: otherName, uuid: otherUuid })).toBe(isSame);
});

test('guests of another machine are refused, and it is said how to plan for it', async () => {
  libvirtOn('grace01', THERE);
  await expect(requireThisMachine(await localHost(null), URI)).rejects.toMatchObject({
    code: 'libvirt.other-host',
    kind: 'usage',
    message: `libvirt at ${URI} runs its guests on grace01, and the GPUs, the memory and the logs that ghpass reads are those of ${hostname()}`,
    suggestions: [
      'ssh grace01 ghpass …   # without --connect',
      'ssh grace01 ghpass snapshot -o grace01.tar.gz && scp grace01:grace01.tar.gz .',
      `ghpass … --host grace01.tar.gz --connect ${URI} --dry-run`,
    ],
  });
});

test('a machine of the same name is told by its UUID', async () => {
  libvirtOn(hostname(), THERE);
  await expect(requireThisMachine(await localHost(HERE), URI)).rejects.toThrow(
    `on ${hostname()} (${THERE}), and the GPUs, the memory and the logs that ghpass reads are those of ${hostname()} (${HERE})`,
  );
});

test('a name with something else in it goes into no command', async () => {
  libvirtOn('x$(reboot)', THERE);
  await expect(requireThisMachine(await localHost(HERE), URI)).rejects.toMatchObject({
    suggestions: expect.arrayContaining(['ssh HOST ghpass …   # without --connect']),
  });
});

test('this machine by another way, a local socket and a captured host are planned for', async () => {
  const { calls } = libvirtOn('other-name', HERE);
  await requireThisMachine(await localHost(HERE), URI);
  expect(
    calls()
      .map((words) => words.at(-1))
      .toSorted(),
  ).toEqual(['capabilities', 'hostname']);
  await requireThisMachine(await localHost(THERE), 'qemu:///system');
  await requireThisMachine(await openHost('builtin:gh200'), URI);
  expect(calls().length).toBe(2);
});
