import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { definitionFile } from '../directories.ts';

/** Sizes are decimal strings, so that none is rounded. */
const bytes = z
  .string()
  .regex(/^\d+$/)
  .transform((digits) => BigInt(digits));

const boot = z.object({
  kernel: z.string().nullable(),
  initrd: z.string().nullable(),
  append: z.string().nullable(),
  disks: z.array(
    z.object({ path: z.string(), format: z.enum(['qcow2', 'raw']), readOnly: z.literal(true).exactOptional() }),
  ),
});

const forward = z.object({
  protocol: z.enum(['tcp', 'udp']),
  address: z.string(),
  hostPort: z.number(),
  guestPort: z.number(),
});

const network = z.object({
  link: z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['user', 'passt']), forwards: z.array(forward).readonly() }),
    z.object({ kind: z.literal('bridge'), bridge: z.string() }),
    z.object({ kind: z.literal('network'), network: z.string() }),
  ]),
  mac: z.string().nullable(),
});

const placement = z.object({
  hugePages: z.union([z.literal('auto'), bytes]).nullable(),
  pin: z.boolean(),
  smmu: z.enum(['auto', 'on', 'off']),
});

/** What was asked for when the guest was made: it is planned anew at each start. */
const request = z.object({
  name: z.string(),
  memoryBytes: bytes,
  vcpus: z.number(),
  accelerator: z.enum(['kvm', 'tcg']).nullable(),
  iommufd: z.boolean().nullable(),
  boot,
  network: network.nullable(),
  placement,
});

const definition = z.object({
  schemaVersion: z.literal(1),
  backend: z.enum(['qemu', 'libvirt']),
  request,
  /** Addresses on the host. */
  gpus: z.array(z.string()),
  /** ghpass binds the GPUs at each start, and gives them back at each stop. */
  bind: z.boolean(),
  /** The domain of libvirt that the guest is; null where it is a process. */
  domain: z
    .object({
      uri: z.string(),
      uuid: z.string(),
      /** libvirt binds the GPUs at each start. */
      managed: z.boolean(),
      profile: z.enum(['native', 'fallback', 'auto']),
    })
    .nullable(),
  /** Names in the guest's directory that ghpass made or is about to make, beside this file. Nothing else is ever removed. */
  files: z.array(z.string().regex(/^[^/]+$/)),
});

/** What is known of a guest whether it runs or not. */
export type GuestDefinition = z.infer<typeof definition>;

/**
 * The definition of a guest.
 * @param guests directory of all guests.
 * @returns null where ghpass has no guest of that name.
 * @throws GhpassError `guest.definition-broken`, `permission.directory`.
 */
export function readDefinition(guests: string, name: string): GuestDefinition | null {
  const file = definitionFile(guests, name);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw unreadable(file, error);
  }
  try {
    return definition.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : 'it is no JSON';
    throw new GhpassError('check', {
      code: 'guest.definition-broken',
      message: `${file}: ${why}`,
      suggestions: [`ghpass delete ${shellWord(name)}   # its disks stay`, `cat ${shellWord(file)}`],
      cause: error,
    });
  }
}

/** Names of all guests that have a directory. @throws GhpassError `permission.directory`. */
export function definedGuests(guests: string): string[] {
  try {
    return readdirSync(guests);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(guests, error);
  }
}

function unreadable(path: string, error: unknown): GhpassError {
  return new GhpassError('permission', {
    code: 'permission.directory',
    message: `${path}: ${(error as NodeJS.ErrnoException).code}`,
    suggestions: ['run ghpass as the user who made the guest'],
    cause: error,
  });
}
