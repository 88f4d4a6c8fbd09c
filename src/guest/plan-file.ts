import { z } from 'zod';
import { GhpassError } from '../errors.ts';
import { isPciAddress } from '../host/pci/pci-address.ts';
import type { DrawnPlan, DrawnPseries } from '../plan/topology/guest.ts';

const count = z.int().nonnegative();
const bytes = count.transform(BigInt);
const address = z.string().refine(isPciAddress);
/** More than any machine has would make a list that nobody waits for. */
const cpu = count.max(4096);
const common = { name: z.string(), memoryBytes: bytes };

/** What a picture needs of a plan, as `create-vm --dry-run --emit plan` prints it: sizes are integer bytes. */
const VIRT = z.object({
  ...common,
  accelerator: z.enum(['kvm', 'tcg']),
  machine: z.object({ windowBytes: bytes.nullable() }),
  cpus: z.object({ count }),
  nodes: z.array(
    z.object({
      id: count,
      cpus: z.array(cpu).max(4096).nullable(),
      memoryBytes: bytes,
      hostNode: count.nullable(),
      gpu: address.nullable(),
    }),
  ),
  gpus: z.array(
    z.object({
      address,
      expanderBus: count,
      guestNode: count,
      guestAddress: address,
      nodes: z.array(count),
      smmu: z.looseObject({}).nullable(),
      rootPortWindowBytes: bytes,
      bars: z.array(z.object({ index: count.max(5), sizeBytes: bytes })),
    }),
  ),
});

const PSERIES = z.object({
  ...common,
  accelerator: z.literal('kvm'),
  machine: z.literal('pseries'),
  cpus: z.object({ count: cpu.min(1) }),
  hostBridges: z.array(
    z.object({
      index: count,
      gpus: z.array(
        z.object({
          address,
          slot: count,
          memoryAddress: z.string().regex(/^0x[0-9a-f]{1,16}$/),
          memoryBytes: bytes,
          guestNode: count,
          links: z.array(z.object({ address, slot: count })),
        }),
      ),
    }),
  ),
});

/** The plan itself, or the document that has it. */
const FILE = z.union([z.object({ result: z.object({ plan: z.union([VIRT, PSERIES]) }) }), VIRT, PSERIES]);

/**
 * Reads a plan that was kept in a file, which may come from anywhere.
 * @param name of the file, as the user gave it.
 * @throws GhpassError `plan-file.invalid`.
 */
export function parsePlanFile(name: string, content: string): DrawnPlan | DrawnPseries {
  const parsed = FILE.safeParse(readJson(content));
  if (parsed.success) return 'result' in parsed.data ? parsed.data.result.plan : parsed.data;
  throw new GhpassError('usage', {
    code: 'plan-file.invalid',
    message: `--plan-file ${name}: no plan of ghpass`,
    suggestions: ['ghpass create-vm NAME --dry-run --emit plan --json > plan.json'],
  });
}

function readJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}
