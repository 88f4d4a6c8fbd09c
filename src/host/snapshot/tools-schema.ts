import { z } from 'zod';
import type { ToolFacts } from '../tools.ts';
import { parseObject, snapshotBroken } from './broken.ts';

/** Where a captured host keeps what it said of its software. */
export const TOOLS_FILE = '/ghpass/tools.json';

const qemu = z.object({
  binary: z.string(),
  version: z.tuple([z.int(), z.int(), z.int()]),
  package: z.string(),
  genericInitiator: z.boolean(),
  highmemMmioSize: z.boolean(),
  iommufd: z.boolean(),
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

const toolFacts: z.ZodType<ToolFacts> = z.object({ qemu: qemu.nullable(), firmware: z.array(firmware), kvm });

/**
 * Software of a captured host, which may come from anywhere.
 * @throws GhpassError `host.snapshot-broken` that names the first field which is not as it should be.
 */
export function parseTools(snapshot: string, text: string): ToolFacts {
  const result = toolFacts.safeParse(parseObject(snapshot, TOOLS_FILE, text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw snapshotBroken(snapshot, TOOLS_FILE, `${issue?.path.join('.')}: ${issue?.message}`, result.error);
}
