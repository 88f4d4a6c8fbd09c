import { aboutHost, CONFIG_NOT_KNOWN, type HostCheck } from './facts.ts';

/** Options by which an error in GPU memory ends one process instead of the host. */
const OPTIONS = ['MEMORY_FAILURE', 'ACPI_APEI_GHES'];

export const kernelRasConfig: HostCheck = {
  id: 'kernel.ras-config',
  severity: 'info',
  title: 'The kernel can tell a guest of broken memory',
  looksAt: 'CONFIG_MEMORY_FAILURE and CONFIG_ACPI_APEI_GHES',
  reference: 'Linux dfe765499abf (6.19); QEMU, -machine virt,ras=on',
  observe({ host: { kernel } }) {
    if (kernel.config === null) return CONFIG_NOT_KNOWN;
    const missing = OPTIONS.filter((option) => kernel.config?.get(option) !== 'y');
    if (missing.length === 0) return [];
    const list = missing.map((option) => `CONFIG_${option}`).join(' and ');
    return aboutHost(
      `Linux ${kernel.release} lacks ${list}: an error in memory that a guest uses takes down more than the guest`,
      'boot a kernel that has them: those of Debian, Ubuntu and RHEL do',
    );
  },
};
