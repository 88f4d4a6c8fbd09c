import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { GuestFiles } from '../../qemu/argv/guest-files.ts';
import { type NextBoot, nextBootOf, nextBootText } from '../domain/next-boot.ts';
import { guestFiles } from './launch.ts';

/** A guest that ghpass gave a GPU to, and the ways to reach it. */
export type KnownGuest = ProcessGuest | DomainGuest;

/** Its QEMU is a process of ghpass, which may have ended. */
export interface ProcessGuest {
  backend: 'qemu';
  name: string;
  plan: GuestPlan;
  files: GuestFiles;
}

/** A domain of libvirt, whoever defined it. */
export interface DomainGuest {
  backend: 'libvirt';
  name: string;
  uri: string;
  /** Of what it is now defined as, with the sizes that firmware tells: its GPUs may be in use. */
  plan: GuestPlan;
  /** Null where it is off, or runs as it is defined. */
  nextBoot: NextBoot | null;
  /** Null where libvirt keeps nothing of what the guest writes. */
  consoleLog: string | null;
}

export interface FindOptions {
  /** Where the guests of ghpass's own processes are. */
  runtime: string;
  /** Where each guest of ghpass has its definition. */
  guests: string;
  /** URI of the libvirt that is asked for guests that are no process of ghpass. */
  connect: string;
  signal: AbortSignal;
}

/**
 * Finds a guest by its name: first among ghpass's own processes, then among libvirt's domains.
 * @throws GhpassError `guest.off`, `guest.unknown`, and those of `Virsh`.
 */
export async function findGuest(host: Host, name: string, options: FindOptions): Promise<KnownGuest> {
  const place = await locateGuest(name, options);
  return 'backend' in place ? place : findDomain(host, name, { ...options, connect: place.connect });
}

/**
 * Where a guest is: the process whose QEMU ghpass started, or else the libvirt whose domain it can be.
 * @throws GhpassError `guest.off` for a guest of ghpass's own that has no process.
 */
export async function locateGuest(
  name: string,
  { runtime, guests, connect }: Pick<FindOptions, 'runtime' | 'guests' | 'connect'>,
): Promise<ProcessGuest | { connect: string }> {
  const directory = join(runtime, name);
  const file = join(directory, 'plan.json');
  if (existsSync(file)) {
    return { backend: 'qemu', name, plan: readPlan(file), files: guestFiles(directory, join(guests, name)) };
  }
  const { readDefinition } = await import('../definition/definition-schema.ts');
  const definition = readDefinition(guests, name);
  if (definition?.backend === 'qemu') throw off(name);
  return { connect: definition?.domain?.uri ?? connect };
}

/** Sizes were written as decimal strings, so that none is rounded. */
function readPlan(file: string): GuestPlan {
  return JSON.parse(readFileSync(file, 'utf8'), (key, value: unknown) =>
    key.endsWith('Bytes') && typeof value === 'string' ? BigInt(value) : value,
  ) as GuestPlan;
}

async function findDomain(host: Host, name: string, { connect, signal }: FindOptions): Promise<DomainGuest> {
  const { Virsh } = await import('../../libvirt/virsh.ts');
  const { planDomain } = await import('../domain/plan-domain.ts');
  const { readRecord } = await import('../../libvirt/record.ts');
  const { parseXml } = await import('../../libvirt/xml.ts');
  const virsh = new Virsh(connect, { signal });
  const xml = await virsh.dumpXml(name, { inactive: true });
  const options = { connect, profile: 'auto', dryRun: true, open: false, managed: null, iommufd: null } as const;
  const { plan, domain } = await planDomain(host, xml, (present) => [...present], options);
  const running = readRecord(parseXml(await virsh.dumpXml(name, { inactive: false })).root);
  const nextBoot = nextBootOf(running?.gpus.map(({ address }) => address) ?? [], domain.gpus);
  if (plan) return { backend: 'libvirt', name, uri: connect, plan, nextBoot, consoleLog: domain.consoleLog };
  throw new GhpassError('usage', {
    code: 'guest.unknown',
    message:
      nextBoot === null
        ? `ghpass gave no GPU to ${name} at ${connect}, and has no guest of that name itself`
        : nextBootText(name, nextBoot),
    suggestions: [`ghpass attach ${shellWord(name)} ADDRESS`],
  });
}

function off(name: string): GhpassError {
  return new GhpassError('usage', {
    code: 'guest.off',
    message: `${name} is off`,
    suggestions: [`ghpass start ${name}`, `ghpass status ${name}`],
  });
}
