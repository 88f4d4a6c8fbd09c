import { expect, test } from 'vitest';
import { LAB_TEST_TIMEOUT_MS, runStepsInLab, type StepResult } from './harness.ts';
import { HOST_STATE, PRISTINE } from './host-state.ts';

/** As small as the guest can be: everything in it is emulated twice. */
const SIZE = '--vcpus 1 --memory 1G';
const SMOKE = `ghpass smoke --backend libvirt --json ${SIZE}`;
const REPORTS = '/var/lib/libvirt/images/reports.cpio';
const KERNEL_ARGUMENTS = 'console=ttyAMA0 loglevel=4 panic=-1 init_on_alloc=0 ghpass.then=reboot';

/** The smoke guest's initramfs, where any guest of libvirt can have it. */
const MAKE_INITRAMFS = `
tree=$(mktemp -d)
mkdir "$tree/bin" "$tree/dev" "$tree/proc" "$tree/sys"
cp /bin/busybox "$tree/bin/"
templates=$(dirname "$(readlink -f "$(command -v ghpass)")")/../templates
install -m 755 "$templates/smoke-init" "$tree/init"
cp "$templates/report.sh" "$tree/"
mkdir -p "$(dirname ${REPORTS})"
cd "$tree" && find . | cpio --create --format=newc --owner=0:0 --quiet -F ${REPORTS}
`;

/** Waits until a guest has booted so many times. */
const hasReported = (name: string, times: number) => `
log=/var/log/libvirt/qemu/${name}.console.log
for try in $(seq 200); do
  [ "$(grep -a -c 'ghpass-report: .*}' "$log" 2> /dev/null)" -ge ${times} ] && exit 0
  sleep 1
done
tail -n 3 "$log" >&2
exit 1
`;

/** A domain of somebody else: a cell, ports, comments and arguments of its own. */
const FOREIGN = `
cat > /tmp/foreign.xml << EOF
<domain type='kvm' xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>foreign</name>
  <description>not ghpass's &amp; older</description>
  <memory unit='MiB'>1024</memory>
  <vcpu>1</vcpu>
  <os firmware='efi'>
    <type arch='aarch64' machine='virt'>hvm</type>
    <firmware><feature enabled='no' name='secure-boot'/></firmware>
    <kernel>/boot/vmlinuz-$(uname -r)</kernel>
    <initrd>${REPORTS}</initrd>
    <cmdline>${KERNEL_ARGUMENTS}</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='host-passthrough'><numa><cell id='0' cpus='0' memory='1024' unit='MiB'/></numa></cpu>
  <devices>
    <controller type='pci' index='1' model='pcie-root-port'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <serial type='pty'><log file='/var/log/libvirt/qemu/foreign.console.log' append='off'/></serial>
    <memballoon model='none'/>
  </devices>
  <q:commandline><q:env name='OF_THEIRS' value='1'/></q:commandline>
</domain>
EOF
virsh define --validate /tmp/foreign.xml && virsh dumpxml --inactive foreign > /tmp/foreign.before`;

const ONE = '0000:01:00.0';
const BOTH = [ONE, '0000:02:00.0'];

test.each(['trixie', 'sid'] as const)(
  'libvirt of %s: what it starts with one GPU and with two sees the plan at each boot, and the host is as before',
  async (userland) => {
    const { step } = await runStepsInLab({
      kernel: 'full',
      userland,
      host: 'gh200-nvl2',
      steps: {
        libvirt: 'lab-start-libvirt && virsh version',
        initramfs: MAKE_INITRAMFS,

        smoke: `${SMOKE} --gpu ${BOTH.join(' --gpu ')} --bind --reboot`,
        managed: `${SMOKE} --gpu ${ONE} --managed`,
        untouched: `${HOST_STATE}\nvirsh list --all --name`,

        bind: `ghpass bind ${BOTH.join(' ')}`,
        create: `ghpass create-vm made --gpu ${ONE} ${SIZE} --backend libvirt --json --kernel /boot/vmlinuz-$(uname -r) --initrd ${REPORTS} --append '${KERNEL_ARGUMENTS}'`,
        booted: hasReported('made', 2),
        verified: 'ghpass verify made --json',
        'detach-running': `ghpass detach made ${ONE} --yes --json`,
        // QEMU would end at the reboot of a guest whose device went before its nodes.
        'still-reboots': `${hasReported('made', 4)}`,
        'state-then': 'virsh domstate made',
        delete: 'ghpass delete made --yes',

        foreign: FOREIGN,
        diff: `ghpass attach foreign ${BOTH.join(' ')} --diff`,
        attach: `ghpass attach foreign ${BOTH.join(' ')} --yes --json`,
        again: `ghpass attach foreign ${BOTH.join(' ')} --yes --json`,
        start: 'virsh start foreign',
        'foreign-booted': hasReported('foreign', 2),
        'foreign-verified': 'ghpass verify foreign --json',
        stop: 'virsh destroy foreign',
        detach: 'ghpass detach foreign --yes --json',
        'as-before': 'virsh dumpxml --inactive foreign | diff /tmp/foreign.before -',
        undefine: 'virsh undefine --nvram foreign',

        held: 'ls /var/lib/ghpass/journal',
        release: `ghpass release ${BOTH.join(' ')}`,
        state: `${HOST_STATE}\nvirsh list --all --name`,
      },
    });
    for (const name of ['libvirt', 'initramfs', 'bind', 'booted', 'still-reboots', 'delete', 'foreign', 'start']) {
      expect({ name, ...step(name) }).toMatchObject({ status: 0 });
    }
    expectAsPlanned(step('smoke'), { gpus: BOTH, boots: 2 });
    expectAsPlanned(step('managed'), { gpus: [ONE], boots: 1 });
    expectAsPlanned(step('verified'), { gpus: [ONE], boots: 1 });
    expectAsPlanned(step('foreign-verified'), { gpus: BOTH, boots: 1 });
    expect(step('untouched').stdout).toBe(`${PRISTINE}\n`);

    expect(read(step('create')).domain).toMatchObject({ name: 'made', uri: 'qemu:///system' });
    expect(read(step('detach-running'))).toMatchObject({ defined: true, running: true, plan: null });
    expect(step('state-then').stdout.trim()).toBe('running');

    expect(step('diff')).toMatchObject({ status: 1, stdout: expect.stringMatching(/^\+.*<hostdev /m) });
    expect(read(step('attach'))).toMatchObject({ defined: true, running: false });
    expect(read(step('again'))).toMatchObject({ defined: false });
    expect(step('foreign-booted')).toMatchObject({ status: 0 });
    expect(read(step('detach'))).toMatchObject({ defined: true, running: false });
    expect(step('as-before')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(step('held').stdout).toBe(BOTH.map((gpu) => `${gpu}.jsonl\n`).join(''));
    expect(step('release')).toMatchObject({ status: 0, stdout: BOTH.map((gpu) => `${gpu} is as it was\n`).join('') });
    expect(step('state').stdout).toBe(`${PRISTINE}\n`);
  },
  LAB_TEST_TIMEOUT_MS,
);

test(
  'on the distribution’s kernel, in huge pages and pinned to the CPUs of its node, a domain is as planned, and the pages are free again',
  async () => {
    const pages = '/sys/kernel/mm/hugepages/hugepages-2048kB';
    const { step } = await runStepsInLab({
      kernel: 'stock',
      userland: 'trixie',
      host: 'gh200',
      steps: {
        pages: `mkdir /dev/hugepages-2M && mount -t hugetlbfs -o pagesize=2M hugetlbfs /dev/hugepages-2M && echo 520 > ${pages}/nr_hugepages`,
        libvirt: 'lab-start-libvirt',
        smoke: `${SMOKE} --bind --hugepages 2M --pin`,
        free: `cat ${pages}/nr_hugepages ${pages}/free_hugepages`,
        state: `${HOST_STATE}\nvirsh list --all --name`,
      },
    });
    for (const name of ['pages', 'libvirt']) expect({ name, ...step(name) }).toMatchObject({ status: 0 });
    expectAsPlanned(step('smoke'), { gpus: [ONE], boots: 1 });
    expect(read(step('smoke')).plan).toMatchObject({ hugePageBytes: 2 << 20, pinning: { vcpus: ['0-1'] } });
    expect(step('free').stdout).toBe('520\n520\n');
    expect(step('state').stdout).toBe(`${PRISTINE}\n`);
  },
  LAB_TEST_TIMEOUT_MS,
);

/** The result of a command that came to a good end. */
function read({ status, stdout, stderr }: StepResult) {
  expect(status, `${stdout}${stderr}`).toBe(0);
  return JSON.parse(stdout).result;
}

/** Every line of the comparison is equal, for each GPU and each boot. */
function expectAsPlanned(step: StepResult, { gpus, boots }: { gpus: string[]; boots: number }): void {
  const { comparisons, plan } = read(step) as {
    comparisons: { gpu: string | null; what: string; equal: boolean }[];
    plan: { gpus: { address: string }[] };
  };
  expect(plan.gpus.map(({ address }) => address)).toEqual(gpus);
  expect(comparisons.filter(({ equal }) => !equal)).toEqual([]);
  for (const gpu of gpus) {
    const lines = comparisons.filter((line) => line.gpu === gpu && line.what.startsWith('generic initiators'));
    expect(lines).toHaveLength(boots);
  }
}
