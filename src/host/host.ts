import type { HostFiles } from './files.ts';
import type { LibvirtFacts } from './libvirt/libvirt-facts.ts';
import type { ToolFacts } from './programs/tools.ts';

/** Where facts come from. */
export interface HostSource {
  kind: 'local' | 'builtin' | 'snapshot';
  name: string;
  /** Why the numbers are not those of a real board; null on a real host. */
  synthetic: string | null;
}

/** One host to ask: this machine, a capture of one, or one that ships with ghpass. All of `collect` goes through it. */
export interface Host {
  readonly source: HostSource;
  readonly files: HostFiles;
  /** `uname -r`; null where it is not known. */
  readonly release: string | null;
  /** `uname -m`; null where it is not known. */
  readonly machine: string | null;
  /**
   * What `ghpass-vfio probe ADDRESS` prints.
   * @returns null where a captured host has no answer for the device.
   */
  askDevice(address: string): Promise<string | null>;
  /** Versions and capabilities of QEMU, firmware and KVM; null where a captured host does not tell. */
  askTools(): Promise<ToolFacts | null>;
  /**
   * What the libvirt at `uri` (this host's own by default) makes of the elements that a GPU needs.
   * @returns null where there is no virsh, and where a captured host does not tell. A captured host tells of its own libvirt,
   * whatever the address.
   * @throws GhpassError where there is one that does not answer.
   */
  askLibvirt(uri?: string): Promise<LibvirtFacts | null>;
}
