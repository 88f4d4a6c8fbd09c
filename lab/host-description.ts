import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { LabError } from './error.ts';

/** A count of bytes or an address: an integer, or a hexadecimal string, because JSON has no hexadecimal numbers. */
const quantity = z
  .custom<string | number>(
    (value) => (Number.isSafeInteger(value) && Number(value) >= 0) || /^0x[0-9a-fA-F]{1,16}$/.test(String(value)),
    { error: 'wants an integer, 0 or more, or a string such as "0xE0000000"' },
  )
  .transform(BigInt);

const pciId = z
  .string({ error: 'wants a string such as "0x2342"' })
  .regex(/^0x[0-9a-fA-F]{4}$/, { error: 'wants four hexadecimal digits after 0x, such as "0x2342"' })
  .transform(Number);

const gpuSchema = z.strictObject({
  deviceId: pciId,
  subsystemId: pciId,
  memoryBase: quantity.nullable(),
  memorySizeBytes: quantity,
  bar2Bytes: quantity,
  bar4Bytes: quantity.default(32n << 20n),
  dvsec: z.boolean(),
  properties: z.enum(['both', 'none', 'sizeMissing']),
  behindRootPort: z.boolean(),
  readiness: z.enum(['good', 'bad']),
});

const hostSchema = z.strictObject({
  about: z.string().min(1),
  gpus: z.array(gpuSchema).max(8),
});

/** One GPU of a virtual Grace host. */
export interface GpuDescription {
  /** PCI device id under vendor 10de. */
  readonly deviceId: number;
  readonly subsystemId: number;
  /** What `_DSD` gives as `nvidia,gpu-mem-base-pa`; null: the address at which L1 really has the memory. */
  readonly memoryBase: bigint | null;
  /** What `_DSD` gives as `nvidia,gpu-mem-size`; L1 has at least that much memory there. */
  readonly memorySizeBytes: bigint;
  /** Length of the physical BAR2, a power of two; 0: it has none. */
  readonly bar2Bytes: bigint;
  /** Length of the physical BAR4, a power of two; 0: it has none. */
  readonly bar4Bytes: bigint;
  /** NVIDIA's DVSEC 3 with bit 0: all memory can be mapped cacheable, the driver shows the layout `whole`. */
  readonly dvsec: boolean;
  /** Which of the two properties the firmware publishes. */
  readonly properties: 'both' | 'none' | 'sizeMissing';
  /** Whether it sits behind a root port of its own, as on every Grace board; else it is on bus 0 itself. */
  readonly behindRootPort: boolean;
  /** Whether the C2C link and the memory training report that they are done. */
  readonly readiness: 'good' | 'bad';
}

/** A virtual Grace host, as a file under lab/hosts/ describes it. */
export interface HostDescription {
  /** One sentence: what this host is for. */
  readonly about: string;
  readonly gpus: readonly GpuDescription[];
}

const HOSTS_DIRECTORY = path.join(import.meta.dirname, 'hosts');

/** Names of the hosts that come with the lab. */
async function listHosts(): Promise<readonly string[]> {
  const files = await readdir(HOSTS_DIRECTORY);
  return files.flatMap((file) => (file.endsWith('.json') ? [path.basename(file, '.json')] : [])).sort();
}

/** Reads a host by its name, or by the path of a file of one's own. Throws a LabError that says what is wrong where. */
export async function loadHost(nameOrPath: string): Promise<HostDescription> {
  const file = /[/.]/.test(nameOrPath) ? path.resolve(nameOrPath) : path.join(HOSTS_DIRECTORY, `${nameOrPath}.json`);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new LabError(
      `there is no host ${nameOrPath}: cannot read ${file}`,
      [`one of: ${(await listHosts()).join(', ')}`],
      {
        cause,
      },
    );
  }
  return parseHostDescription(text, file);
}

/** Parses a host description. `source` stands in messages for where the text came from. */
function parseHostDescription(text: string, source: string): HostDescription {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LabError(`${source}: not JSON: ${cause instanceof Error ? cause.message : cause}`, [], { cause });
  }
  const result = hostSchema.safeParse(json);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path: where, message }) => `${where.join('.') || 'the file'}: ${message}`);
  throw new LabError(`${source}: ${issues.join('; ')}`, ['see the fields in lab/host-description.ts']);
}
