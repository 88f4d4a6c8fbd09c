/** Where a distribution keeps a program that ghpass runs. */
interface Packages {
  debian: string;
  fedora: string;
}

/** Programs that a host may lack; what comes with every system is not among them. */
const PACKAGES: Readonly<Record<string, Packages>> = {
  cpio: { debian: 'cpio', fedora: 'cpio' },
  modprobe: { debian: 'kmod', fedora: 'kmod' },
  passt: { debian: 'passt', fedora: 'passt' },
  'qemu-img': { debian: 'qemu-utils', fedora: 'qemu-img' },
  'qemu-system-aarch64': { debian: 'qemu-system-arm', fedora: 'qemu-system-aarch64' },
  'qemu-system-ppc64': { debian: 'qemu-system-ppc', fedora: 'qemu-system-ppc' },
  virsh: { debian: 'libvirt-clients', fedora: 'libvirt-client' },
};

/** Commands that install a program; none where nobody knows its package. */
export function installCommands(program: string): string[] {
  const packages = PACKAGES[program];
  return packages ? [`apt-get install ${packages.debian}`, `dnf install ${packages.fedora}`] : [];
}
