import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { DOMAIN_CHECKS } from '../../src/checks/domain/index.ts';
import { openHost } from '../../src/host/open.ts';
import type { ToolFacts } from '../../src/host/programs/tools.ts';
import { baseDomain, type DomainParts } from '../../src/libvirt/base-domain.ts';
import { readDomain } from '../../src/libvirt/read-domain.ts';
import { parseXml } from '../../src/libvirt/xml.ts';
import type { GuestBoot, GuestPlan } from '../../src/plan/guest-plan.ts';
import type { NetworkLink } from '../../src/plan/network.ts';
import fc from '../fixtures/fast-check.ts';
import { TOOLS } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';

const TEMPLATE = readFileSync(join(import.meta.dirname, '../../templates/domain.xml'), 'utf8');
const { plan: PLAN, host: HOST } = await planFacts(await openHost('builtin:gh200'));
const PARTS: DomainParts = { uuid: null, consoleLog: '/var/log/libvirt/qemu/demo.console.log', tools: TOOLS };
const OLD_IMAGE = {
  code: '/usr/share/AAVMF/AAVMF_CODE.fd',
  variablesTemplate: '/usr/share/AAVMF/AAVMF_VARS.fd',
  format: 'raw' as const,
  package: { name: 'qemu-efi-aarch64', version: '2022.11-6+deb12u2' },
};

function base(
  changes: Partial<GuestPlan> = {},
  { template = TEMPLATE, ...parts }: Partial<DomainParts> & { template?: string } = {},
) {
  return baseDomain(template, { ...PLAN, ...changes }, { ...PARTS, ...parts });
}

function booting(changes: Partial<GuestBoot>): Partial<GuestPlan> {
  return { boot: { ...PLAN.boot, ...changes } };
}

test('is the template with what the plan says', () => {
  const disks = [
    { path: '/srv/vm/demo.qcow2', format: 'qcow2' as const },
    { path: '/dev/vg0/data', format: 'raw' as const },
  ];
  const xml = base(
    { cpus: { count: 16, sockets: 2 }, ...booting({ disks }) },
    { uuid: '2f4b56f0-7b37-4f4c-9b7c-0e9ad2c5b6a1' },
  );
  expect(xml.slice(xml.indexOf('<domain '))).toBe(`<domain type='kvm'>
  <name>demo</name>
  <memory unit='KiB'>16777216</memory>
  <vcpu placement='static'>16</vcpu>
  <os firmware='efi'>
    <type arch='aarch64' machine='virt'>hvm</type>
    <firmware>
      <feature enabled='no' name='secure-boot'/>
    </firmware>
  </os>
  <features>
    <acpi/>
    <gic version='3'/>
  </features>
  <cpu mode='host-passthrough' check='none'>
    <topology sockets='2' cores='8' threads='1'/>
  </cpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <serial type='pty'>
      <log file='/var/log/libvirt/qemu/demo.console.log' append='off'/>
    </serial>
    <channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>
    <!-- host keys are made at the first boot, and a guest has little else to make them from -->
    <rng model='virtio'>
      <backend model='builtin'/>
    </rng>
    <!-- pages of a guest with a passed-through GPU are pinned, so a balloon could give nothing back -->
    <memballoon model='none'/>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/srv/vm/demo.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw'/>
      <source dev='/dev/vg0/data'/>
      <target dev='vdb' bus='virtio'/>
    </disk>
  </devices>
  <uuid>2f4b56f0-7b37-4f4c-9b7c-0e9ad2c5b6a1</uuid>
</domain>
`);
});

test('has nothing that stands in the way of GPUs', () => {
  const domain = readDomain(base());
  expect(assess(DOMAIN_CHECKS, { domain, plan: PLAN, numa: HOST.numa })).toEqual([]);
  expect(domain).toMatchObject({ name: 'demo', memoryBytes: PLAN.memoryBytes, vcpus: PLAN.cpus.count, uefi: true });
});

test('is emulated where the plan has no KVM, with all that QEMU can emulate', () => {
  const { root } = parseXml(base({ accelerator: 'tcg' }));
  expect(root.attribute('type')).toBe('qemu');
  expect(root.find('cpu')?.attribute('mode')).toBe('maximum');
});

test('boots the kernel of the plan', () => {
  const os = parseXml(
    base(booting({ kernel: '/srv/Image', initrd: '/srv/initrd', append: 'console=ttyAMA0' })),
  ).root.find('os');
  expect(['kernel', 'initrd', 'cmdline'].map((name) => os?.find(name)?.text)).toEqual([
    '/srv/Image',
    '/srv/initrd',
    'console=ttyAMA0',
  ]);
});

describe('the network card', () => {
  const interfaceOf = (link: NetworkLink) => {
    const xml = base({ network: { link, mac: '52:54:00:01:02:03' } });
    return /<interface .*<\/interface>/s.exec(xml)?.[0].replaceAll(/\n */g, '');
  };
  const card = (type: string, inside: string, behind = '') =>
    `<interface type='${type}'><mac address='52:54:00:01:02:03'/>${inside}<model type='virtio'/>${behind}<rom enabled='no'/></interface>`;

  test('is not there unless it is planned', () => {
    expect(base()).not.toContain('<interface');
  });

  test.each<[string, NetworkLink, string]>([
    ['translated by QEMU', { kind: 'user', forwards: [] }, card('user', '')],
    ['on a bridge', { kind: 'bridge', bridge: 'br<0' }, card('bridge', "<source bridge='br&lt;0'/>")],
    ['on a network', { kind: 'network', network: 'default' }, card('network', "<source network='default'/>")],
    [
      'translated by passt',
      { kind: 'passt', forwards: [{ protocol: 'udp', address: '0.0.0.0', hostPort: 53, guestPort: 5353 }] },
      card(
        'user',
        '',
        "<backend type='passt'/><portForward proto='udp' address='0.0.0.0'><range start='53' to='5353'/></portForward>",
      ),
    ],
  ])('is %s', (_, link, expected) => {
    expect(interfaceOf(link)).toBe(expected);
  });
});

test('has a disk that the guest only reads', () => {
  const disks = [{ path: '/srv/seed.iso', format: 'raw' as const, readOnly: true as const }];
  expect(base(booting({ disks }))).toContain("<target dev='vda' bus='virtio'/>\n      <readonly/>\n    </disk>");
});

test('names the emulator where its place is known, unless the template does', () => {
  const tools: ToolFacts = {
    ...TOOLS,
    qemu: TOOLS.qemu && { ...TOOLS.qemu, binary: '/opt/qemu/bin/qemu-system-aarch64' },
  };
  const emulator = (xml: string) => parseXml(xml).root.find('devices', 'emulator')?.text;
  expect(emulator(base({}, { tools }))).toBe('/opt/qemu/bin/qemu-system-aarch64');
  expect(emulator(base())).toBeUndefined();
  const template = TEMPLATE.replace('<devices>', '<devices><emulator>/srv/qemu</emulator>');
  expect(emulator(base({}, { tools, template }))).toBe('/srv/qemu');
});

describe('firmware', () => {
  const osOf = (xml: string) => parseXml(xml).root.find('os');

  test('is left to libvirt where it takes what the plan has', () => {
    expect(osOf(base())?.attribute('firmware')).toBe('efi');
    expect(osOf(base())?.find('loader')).toBeUndefined();
  });

  test('is named where libvirt would take an image that loses the topology', () => {
    const os = osOf(base({}, { tools: { ...TOOLS, firmware: [OLD_IMAGE, ...TOOLS.firmware] } }));
    expect(os?.attribute('firmware')).toBeUndefined();
    expect(os?.find('firmware')).toBeUndefined();
    expect(os?.find('loader')?.text).toBe('/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd');
    expect(os?.find('loader')?.attribute('type')).toBe('pflash');
    expect(os?.find('nvram')?.attribute('template')).toBe('/usr/share/AAVMF/AAVMF_VARS.fd');
  });

  test('is named with its format where that is not raw', () => {
    const image = {
      code: '/usr/share/edk2/aarch64/QEMU_EFI.qcow2',
      variablesTemplate: '/usr/share/edk2/aarch64/vars.qcow2',
      format: 'qcow2' as const,
    };
    const os = osOf(base({ firmware: image }));
    expect(os?.find('loader')?.attribute('format')).toBe('qcow2');
    expect(os?.find('nvram')?.attribute('templateFormat')).toBe('qcow2');
  });

  test('of the template stays, as does its wish for secure boot', () => {
    const own = "<os><type arch='aarch64' machine='virt'>hvm</type><loader type='pflash'>/srv/own.fd</loader></os>";
    const template = TEMPLATE.replace(/<os .*<\/os>/s, own);
    expect(base({}, { template })).toContain(own);
    const secure = TEMPLATE.replace("enabled='no' name='secure-boot'", "enabled='yes' name='secure-boot'");
    expect(
      osOf(base({}, { template: secure, tools: { ...TOOLS, firmware: [OLD_IMAGE] } }))?.attribute('firmware'),
    ).toBe('efi');
  });
});

describe('what the template has', () => {
  test('stays, and disks of the plan take names that are free', () => {
    const disk =
      "<disk type='file' device='cdrom'><source file='/srv/seed.iso'/><target dev='vda' bus='virtio'/></disk>";
    const network = "<interface type='network'><source network='default'/></interface>";
    const template = TEMPLATE.replace('<devices>', `<devices>${disk}${network}`);
    const disks = Array.from({ length: 27 }, (_, i) => ({ path: `/srv/${i}.img`, format: 'raw' as const }));
    const xml = base(booting({ disks }), { template });
    expect(xml).toContain(disk);
    expect(xml).toContain(network);
    const names = parseXml(xml)
      .root.find('devices')
      ?.elements('disk')
      .map((element) => element.find('target')?.attribute('dev'));
    expect(names?.slice(0, 3)).toEqual(['vda', 'vdb', 'vdc']);
    expect(names?.slice(-2)).toEqual(['vdaa', 'vdab']);
    expect(new Set(names).size).toBe(28);
  });

  test('gives way to the plan where both speak of the same', () => {
    const template = TEMPLATE.replace(
      '<vcpu placement',
      "<currentMemory unit='GiB'>64</currentMemory>\n  <vcpu current='2' placement",
    )
      .replace(
        "check='none'/>",
        "check='none'><topology sockets='1' cores='2' threads='2'/><numa><cell id='0' memory='64'/></numa></cpu>",
      )
      .replace("<serial type='pty'/>", "<serial type='pty'><log file='/old'/></serial>")
      .replace('</os>', '<kernel>/old</kernel><cmdline>old</cmdline></os>');
    const xml = base(booting({ kernel: '/new' }), { template });
    expect(xml).not.toMatch(/currentMemory|current=|threads='2'|<numa>|old/);
  });

  test('is refused where it is no XML', () => {
    expect(() => base({}, { template: '<domain>' })).toThrow(/no XML that can be edited/);
  });
});

describe('texts with a meaning for XML, a shell or QEMU', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => value.trim() === value);
  const hostile = fc.constantFrom(
    ']]>',
    '<!--',
    '</name><devices/>',
    '&amp;',
    '\'"><',
    '$(id)',
    '`id`',
    ',,file=/etc/shadow',
    'a\tb\nc\rd',
    '%n',
    '-device x',
  );
  const any = fc.oneof(
    hostile,
    fc.tuple(text, hostile, text).map((parts) => parts.join('')),
    text,
  );

  test('reach libvirt as they are', () => {
    fc.assert(
      fc.property(any, any, any, any, (name, path, append, consoleLog) => {
        const disks = [{ path, format: 'raw' as const }];
        const { root } = parseXml(base({ name, ...booting({ disks, kernel: path, append }) }, { consoleLog }));
        const source = root.find('devices', 'disk', 'source');
        expect(root.find('name')?.text).toBe(name);
        expect(source?.attribute('file') ?? source?.attribute('dev')).toBe(path);
        expect(root.find('os', 'kernel')?.text).toBe(path);
        expect(root.find('os', 'cmdline')?.text).toBe(append);
        expect(root.find('devices', 'serial', 'log')?.attribute('file')).toBe(consoleLog);
        expect(root.elements().length).toBe(11);
      }),
    );
  });

  test.each([
    ['name', { name: 'a\u0000b' }, /^name "a\\u0000b" has a control character/],
    [
      'disk',
      booting({ disks: [{ path: '/srv/\u001b[2J', format: 'raw' }] }),
      /^disk "\/srv\/\\u001b\[2J" has a control/,
    ],
    ['cmdline', booting({ kernel: '/k', append: '\ud800' }), /^cmdline "\\ud800" has a control character/],
  ])('are refused where XML cannot write them: %s', (_, changes, message) => {
    expect(() => base(changes)).toThrow(message);
  });
});
