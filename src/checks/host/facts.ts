import type { HostFacts } from '../../host/facts.ts';
import type { LibvirtAnswer } from '../../host/libvirt/libvirt-answer.ts';
import type { HostSettings } from '../../host/settings.ts';
import type { GpuFacts } from '../../vfio/gpu.ts';
import type { Check, NotKnown, Observation } from '../check.ts';

/** What the checks of a host as a whole look at. */
export interface HostCheckFacts {
  host: HostFacts;
  settings: HostSettings;
  /** All coherent GPUs of the host. */
  gpus: readonly GpuFacts[];
  libvirt: LibvirtAnswer;
}

export type HostCheck = Check<HostCheckFacts>;

export const CONFIG_NOT_KNOWN: NotKnown = {
  notKnown: 'the build options of the kernel are in neither /proc/config.gz nor /boot',
};
export const RELEASE_NOT_KNOWN: NotKnown = { notKnown: 'the release of the kernel is not known' };

/** One observation about the host. */
export function aboutHost(message: string, ...remedy: string[]): Observation[] {
  return [{ subject: 'host', message, remedy }];
}

/** How to boot with an argument of the kernel. */
export function bootWith(argument: string): string[] {
  return [
    `grubby --update-kernel=ALL --args=${argument}   # Fedora, RHEL`,
    `sed -i 's/^GRUB_CMDLINE_LINUX="/&${argument} /' /etc/default/grub && update-grub   # Debian, Ubuntu`,
  ];
}
