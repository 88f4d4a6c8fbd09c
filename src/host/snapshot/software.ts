import type { LibvirtFacts } from '../libvirt.ts';
import type { ToolFacts } from '../tools.ts';

/** Where a captured host keeps what it said of its software. */
export const TOOLS_FILE = '/ghpass/tools.json';

/** Software of a host: each part null where it is not known. */
export interface Software {
  tools: ToolFacts | null;
  libvirt: LibvirtFacts | null;
}

/** The parts of one document: the keys of {@link ToolFacts}, of which either all are there or none, and `libvirt`. */
export function softwareOf({ libvirt = null, ...tools }: Partial<ToolFacts> & Partial<Software>): Software {
  return { tools: 'kvm' in tools ? (tools as ToolFacts) : null, libvirt };
}

/** Null where nothing is known, so that there is nothing to be kept. */
export function softwareDocument({ tools, libvirt }: Software): string | null {
  if (tools === null && libvirt === null) return null;
  return `${JSON.stringify({ ...tools, libvirt }, null, 2)}\n`;
}
