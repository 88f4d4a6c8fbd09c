import { type FailureKind, GhpassError } from '../../errors.ts';
import type { LibvirtFacts } from '../libvirt/libvirt-facts.ts';
import type { ToolFacts } from '../programs/tools.ts';

/** Where a captured host keeps what it said of its software. */
export const TOOLS_FILE = '/ghpass/tools.json';

/** Why a libvirt that is there gave no facts: a host says so again when it is replayed. */
export interface LibvirtRefusal {
  refused: { kind: FailureKind; code: string; message: string; suggestions: readonly string[] };
}

/** Software of a host: each part null where it is not known. */
export interface Software {
  tools: ToolFacts | null;
  libvirt: LibvirtFacts | LibvirtRefusal | null;
}

export function refusalOf({ kind, code, message, suggestions }: GhpassError): LibvirtRefusal {
  return { refused: { kind, code, message, suggestions } };
}

/** What a captured libvirt answers. @throws GhpassError what it answered with then. */
export function answerOf(libvirt: Software['libvirt']): LibvirtFacts | null {
  if (libvirt === null || !('refused' in libvirt)) return libvirt;
  throw new GhpassError(libvirt.refused.kind, libvirt.refused);
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
