import { compareVersions } from '../../host/kernel/kernel.ts';
import { aboutHost, type HostCheck } from './facts.ts';
import { nameOf, ofLibvirt } from './libvirt-facts.ts';

/** Releases that fix what a guest or a user of the host could abuse (libvirt NEWS). */
const FIXES: readonly { version: readonly [number, number]; cves: readonly string[] }[] = [
  { version: [11, 10], cves: ['CVE-2025-12748', 'CVE-2025-13193'] },
  { version: [12, 7], cves: ['CVE-2026-18917', 'CVE-2026-77158', 'CVE-2026-77159'] },
];

export const libvirtSecurity: HostCheck = {
  id: 'libvirt.security',
  severity: 'warn',
  title: 'libvirt is new enough to have the security fixes that are known',
  looksAt: 'version of the daemon (virsh version --daemon)',
  reference: 'libvirt NEWS of 11.10.0 and 12.7.0',
  observe(facts) {
    return ofLibvirt(facts, (libvirt) => {
      const missing = FIXES.filter(({ version }) => compareVersions(libvirt.version, version) < 0);
      const newest = missing.at(-1);
      if (newest === undefined) return [];
      const cves = missing.flatMap((fix) => fix.cves).join(', ');
      return aboutHost(
        `${nameOf(libvirt)} is older than ${newest.version.join('.')}.0 and has the fixes of ${cves} only where the distribution took them over`,
        'apt-get install --only-upgrade libvirt-daemon-system   # dnf upgrade libvirt-daemon',
      );
    });
  },
};
