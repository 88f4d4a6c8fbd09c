import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { askLibvirt } from '../../src/host/libvirt/libvirt.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { fakeVirsh, withEnvironment } from './kit/fake-virsh.ts';

/** Words of libvirt 12.8, as far as they are read. */
const VERSION = 'Using library: libvirt 12.9.0\nRunning hypervisor: QEMU 11.1.3\nRunning against daemon: 12.8.0\n';
const hostdev = (backend: string, iommufd: string) =>
  `<hostdev supported='yes'><enum name='pciBackend'>${backend}</enum><enum name='iommufd'>${iommufd}</enum></hostdev>`;
const value = (text: string) => `<value>${text}</value>`;
const domain = (type: string) => `<path>/usr/bin/qemu</path><domain>${type}</domain>`;
const CAPABILITIES = `${domain('qemu')}${hostdev(value('vfio'), value('yes') + value('no'))}`;

interface Play {
  capabilities?: string;
  version?: string;
  /** What `domxml-to-native` does with the document in `$xml`. */
  native?: string;
}

/** A libvirt that says this, asked with a cache of its own. */
function play(
  { capabilities = CAPABILITIES, version = VERSION, native = 'echo qemu' }: Play,
  cache = temporaryDirectory(),
) {
  withEnvironment({ XDG_CACHE_HOME: cache });
  return fakeVirsh(`case "$*" in
*version*) cat <<'EOF'
${version}
EOF
;;
*domcapabilities*) cat <<'EOF'
${capabilities}
EOF
;;
*domxml-to-native*) for arg; do case $arg in --xml=*) xml=$(cat "\${arg#--xml=}");; esac; done
${native};;
esac`);
}

const REFUSES = 'echo "error: unsupported configuration: no" >&2; exit 1';
const asked = (calls: string[][]) => calls.map((call) => call[2]);

describe('askLibvirt', () => {
  test('takes the version of the daemon, and every no for a no', async () => {
    play({ native: REFUSES });
    expect(await askLibvirt()).toEqual({
      uri: 'qemu:///system',
      version: [12, 8, 0],
      acpiNodeset: false,
      emptyCells: false,
      pciHole64: false,
      iommufd: true,
      acceleratedSmmu: false,
    });
  });

  test('takes an argument that is not there for a no, and one that is for a yes', async () => {
    play({
      native: `case $xml in *pcihole64*) echo highmem-mmio-size=1;; *) echo -numa node,nodeid=1,memdev=ram;; esac`,
    });
    expect(await askLibvirt()).toMatchObject({ pciHole64: true, emptyCells: false, acpiNodeset: false });
  });

  test('asks in another way for what it cannot try without VFIO', async () => {
    play({
      capabilities: `${domain('qemu')}${hostdev('', value('no'))}`,
      native: `case $xml in *hostdev*) exit 3;; *rng*) echo "error: invalid argument: Failed to parse bitmap 'none'" >&2; exit 1;; *) ${REFUSES};; esac`,
    });
    expect(await askLibvirt()).toMatchObject({ acpiNodeset: true, iommufd: false, emptyCells: false });
  });

  test('tries domains of KVM with the CPU of the host', async () => {
    play({
      capabilities: domain('kvm'),
      native: `case $xml in "<domain type='kvm'>"*"<cpu mode='host-passthrough'>"*) echo highmem-mmio-size=1;; *) exit 3;; esac`,
    });
    expect(await askLibvirt()).toMatchObject({ pciHole64: true });
  });

  test('null where there is no virsh', async () => {
    withEnvironment({ PATH: temporaryDirectory() });
    expect(await askLibvirt()).toBeNull();
  });

  test.each<[string, Play, string]>([
    [
      'libvirt.no-emulator',
      { capabilities: '<domainCapabilities/>' },
      'libvirt at qemu:///system has no QEMU for a guest with the virt machine: domcapabilities names no emulator',
    ],
    [
      'libvirt.failed',
      { version: 'Using library: libvirt 12.8.0' },
      'virsh version at qemu:///system names no version of a daemon',
    ],
    [
      'libvirt.failed',
      { native: 'echo "error: out of memory" >&2; exit 1' },
      'virsh domxml-to-native at qemu:///system: out of memory',
    ],
  ])('%s', async (code, given, message) => {
    play(given);
    await expect(askLibvirt()).rejects.toThrow(expect.objectContaining({ code, message }));
  });
});

describe('what was answered is kept', () => {
  const ENOUGH = ['version', 'domcapabilities'];
  const ALL = [...ENOUGH, ...Array.from({ length: 4 }, () => 'domxml-to-native')];

  test('so that the same libvirt is not tried again', async () => {
    const cache = temporaryDirectory();
    const virsh = play({}, cache);
    const first = await askLibvirt();
    expect(await askLibvirt()).toEqual(first);
    expect(asked(virsh.calls())).toEqual([...ALL, ...ENOUGH]);
    expect(readdirSync(join(cache, 'ghpass/libvirt'))).toEqual([expect.stringMatching(/^[0-9a-f]{16}\.json$/)]);
  });

  test.each<[string, string | undefined, Play]>([
    ['at another address', 'qemu:///session', {}],
    ['of another version', undefined, { version: VERSION.replace('11.1.3', '11.1.4') }],
    ['on a host without VFIO', undefined, { capabilities: CAPABILITIES.replace('vfio', 'none') }],
    ['with another emulator', undefined, { capabilities: CAPABILITIES.replace('/usr/bin/qemu', process.execPath) }],
  ])('and one %s is tried', async (_what, uri, given) => {
    const cache = temporaryDirectory();
    play({}, cache);
    await askLibvirt();
    const virsh = play(given, cache);
    await askLibvirt(uri);
    expect(asked(virsh.calls())).toEqual(ALL);
  });

  test('and one with a new build of its emulator', async () => {
    const emulator = join(temporaryDirectory(), 'qemu');
    writeFileSync(emulator, 'one');
    const virsh = play({ capabilities: CAPABILITIES.replace('/usr/bin/qemu', emulator) });
    await askLibvirt();
    writeFileSync(emulator, 'three');
    await askLibvirt();
    expect(asked(virsh.calls())).toEqual([...ALL, ...ALL]);
  });

  test('unless the directory cannot be written', async () => {
    const cache = join(temporaryDirectory(), 'file');
    writeFileSync(cache, '');
    const virsh = play({}, cache);
    await askLibvirt();
    expect(await askLibvirt()).toMatchObject({ version: [12, 8, 0] });
    expect(asked(virsh.calls())).toEqual([...ALL, ...ALL]);
  });

  test.each(['{', 'null', '{}'])('and a file that says %s is written anew', async (text) => {
    const cache = temporaryDirectory();
    const virsh = play({}, cache);
    const facts = await askLibvirt();
    const directory = join(cache, 'ghpass/libvirt');
    const [file = ''] = readdirSync(directory).map((name) => join(directory, name));
    writeFileSync(file, text);
    expect(await askLibvirt()).toEqual(facts);
    expect(asked(virsh.calls())).toEqual([...ALL, ...ALL]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(facts);
  });
});
