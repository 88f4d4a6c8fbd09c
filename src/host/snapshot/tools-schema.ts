import { z } from 'zod';
import type { LibvirtFacts } from '../libvirt/libvirt-facts.ts';
import type { ToolFacts } from '../programs/tools.ts';
import { parseObject, snapshotBroken } from './broken.ts';
import { type LibvirtRefusal, type Software, softwareOf, TOOLS_FILE } from './software.ts';

const qemu = z.object({
  binary: z.string(),
  version: z.tuple([z.int(), z.int(), z.int()]),
  package: z.string(),
  genericInitiator: z.boolean(),
  highmemMmioSize: z.boolean(),
  iommufd: z.boolean(),
  /** Not asked before ghpass knew of accelerated SMMUs. */
  smmuProperties: z.array(z.string()).default([]),
});

const firmware = z.object({
  code: z.string(),
  variablesTemplate: z.string(),
  format: z.enum(['raw', 'qcow2']),
  package: z.object({ name: z.string(), version: z.string() }).nullable(),
});

const kvm = z.object({
  usable: z.boolean(),
  reason: z.string().nullable(),
  ipaSizeBits: z.int().nullable(),
  cacheablePfnmap: z.boolean().nullable(),
});

const libvirtFacts: z.ZodType<LibvirtFacts> = z.object({
  uri: z.string(),
  version: z.tuple([z.int(), z.int(), z.int()]),
  acpiNodeset: z.boolean(),
  emptyCells: z.boolean(),
  pciHole64: z.boolean(),
  iommufd: z.boolean(),
  acceleratedSmmu: z.boolean(),
});

const toolFacts: z.ZodType<ToolFacts> = z.object({ qemu: qemu.nullable(), firmware: z.array(firmware), kvm });
const refusal: z.ZodType<LibvirtRefusal> = z.object({
  refused: z.object({
    // Neither a bug of ghpass nor an interrupt can come from elsewhere.
    kind: z.enum(['check', 'usage', 'unsupported', 'permission', 'tool', 'timeout']),
    code: z.string(),
    message: z.string(),
    suggestions: z.array(z.string()),
  }),
});

/**
 * Software of a captured host, which may come from anywhere.
 * @throws GhpassError `host.snapshot-broken` that names the first field which is not as it should be.
 */
export function parseTools(snapshot: string, text: string): Software {
  const document = parseObject(snapshot, TOOLS_FILE, text);
  const onlyLibvirt = Object.keys(document).join() === 'libvirt';
  const libvirt = z.object({ libvirt: (isRefusal(document) ? refusal : libvirtFacts).nullish() });
  const result = (onlyLibvirt ? libvirt : z.intersection(toolFacts, libvirt)).safeParse(document);
  if (result.success) return softwareOf(result.data as Partial<ToolFacts & Software>);
  const [issue] = result.error.issues;
  throw snapshotBroken(snapshot, TOOLS_FILE, `${issue?.path.join('.')}: ${issue?.message}`, result.error);
}

/** A union would say of either kind that it is not the other one. */
function isRefusal(document: { libvirt?: unknown }): boolean {
  const { libvirt } = document;
  return typeof libvirt === 'object' && libvirt !== null && 'refused' in libvirt;
}
