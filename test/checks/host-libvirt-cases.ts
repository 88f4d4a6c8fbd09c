import { GhpassError } from '../../src/errors.ts';
import type { LibvirtFacts } from '../../src/host/libvirt/libvirt-facts.ts';
import { graceHost, hopper, LIBVIRT, openMadeUp } from '../fixtures/grace-host.ts';
import type { HostCase } from './host-cases.ts';

const withLibvirt = (changes: Partial<LibvirtFacts>) =>
  openMadeUp(graceHost([hopper()], { libvirt: { ...LIBVIRT, ...changes } }));
const OLD = withLibvirt({
  version: [11, 3, 0],
  acpiNodeset: false,
  emptyCells: false,
  pciHole64: false,
  iommufd: false,
  acceleratedSmmu: false,
});
const NONE = openMadeUp(graceHost([hopper()], { libvirt: null }));
const REFUSED = new GhpassError('permission', {
  code: 'libvirt.permission',
  message: 'virsh version at qemu:///system: authentication unavailable: no polkit agent',
  suggestions: ['run ghpass as root'],
});
const SILENT = { ...NONE, askLibvirt: () => Promise.reject(REFUSED) };

const of = (id: string, message: string): HostCase[] => [
  { id, title: 'libvirt 11.3', host: OLD, says: { severity: 'info', message } },
  { id, title: 'libvirt 12.8', host: withLibvirt({}) },
  { id, title: 'a host without libvirt', host: NONE },
  { id, title: 'a libvirt that does not answer', host: SILENT, notKnown: REFUSED.message },
];

export const LIBVIRT_CASES: readonly HostCase[] = [
  {
    id: 'libvirt.unreachable',
    title: 'a host without virsh',
    host: NONE,
    says: {
      severity: 'info',
      message: 'no virsh is known on this host: ghpass starts QEMU itself, and makes no guest with --backend libvirt',
      remedy: [
        'apt-get install libvirt-clients libvirt-daemon-system',
        'dnf install libvirt-client libvirt-daemon-kvm',
      ],
    },
  },
  {
    id: 'libvirt.unreachable',
    title: 'a user who may not speak with libvirt',
    host: SILENT,
    says: {
      severity: 'info',
      message: `${REFUSED.message}; ghpass starts QEMU itself, and makes no guest with --backend libvirt`,
      remedy: ['run ghpass as root'],
    },
  },
  { id: 'libvirt.unreachable', title: 'a libvirt that answers', host: OLD },
  {
    id: 'libvirt.security',
    title: 'libvirt 11.3',
    host: OLD,
    says: {
      severity: 'warn',
      message:
        'libvirt 11.3.0 is older than 12.7.0 and has the fixes of CVE-2025-12748, CVE-2025-13193, CVE-2026-18917, CVE-2026-77158, CVE-2026-77159 only where the distribution took them over',
      remedy: ['apt-get install --only-upgrade libvirt-daemon-system   # dnf upgrade libvirt-daemon'],
    },
  },
  {
    id: 'libvirt.security',
    title: 'libvirt 12.6.9',
    host: withLibvirt({ version: [12, 6, 9] }),
    says: {
      severity: 'warn',
      message:
        'libvirt 12.6.9 is older than 12.7.0 and has the fixes of CVE-2026-18917, CVE-2026-77158, CVE-2026-77159 only where the distribution took them over',
      remedy: ['apt-get install --only-upgrade libvirt-daemon-system   # dnf upgrade libvirt-daemon'],
    },
  },
  { id: 'libvirt.security', title: 'libvirt 12.7.0', host: withLibvirt({ version: [12, 7, 0] }) },
  { id: 'libvirt.security', title: 'a host without libvirt', host: NONE },
  {
    id: 'libvirt.security',
    title: 'a libvirt that does not answer',
    host: SILENT,
    notKnown: REFUSED.message,
  },
  ...of(
    'libvirt.nodeset-dropped',
    'libvirt 11.3.0 drops <acpi nodeset> and says nothing: the GPU’s nodes and generic initiators are given to QEMU by <qemu:commandline>, which taints the domain (custom-argv)',
  ),
  ...of(
    'libvirt.empty-cell',
    'libvirt 11.3.0 makes a memory backend of 0 bytes for a node without memory, which QEMU refuses: the GPU’s nodes are given to QEMU by <qemu:commandline>, which taints the domain (custom-argv)',
  ),
  ...of(
    'libvirt.window',
    'libvirt 11.3.0 takes no <pcihole64> for the virt machine: a window of more than 512 GiB is given to QEMU by <qemu:commandline>, which taints the domain (custom-argv)',
  ),
  ...of(
    'libvirt.iommufd',
    'libvirt 11.3.0 passes no iommufd to QEMU, or finds no /dev/iommu: its guests get their GPUs through the group and container, which lacks nothing but the accelerated SMMU',
  ),
  ...of(
    'libvirt.smmu',
    'libvirt 11.3.0 and its QEMU have no accelerated SMMUv3 for one bus (libvirt 12.7 and QEMU 11.0): guests get no IOMMU',
  ),
];
