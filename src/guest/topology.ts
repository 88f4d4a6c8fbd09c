import { GhpassError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { type Places, readPlaces } from '../host/numa/places.ts';
import { NEWEST_TOOLS } from '../host/programs/newest-tools.ts';
import { readHostSettings } from '../host/settings.ts';
import { planGuest } from '../plan/plan.ts';
import { planPseries } from '../plan/pseries-plan.ts';
import { type DrawnPlan, type DrawnPseries, guestTopology, pseriesTopology } from '../plan/topology/guest.ts';
import { hostTopology } from '../plan/topology/host.ts';
import type { Topology } from '../plan/topology/topology.ts';
import { type CollectedGpus, collectGpus } from '../vfio/collect.ts';
import { type FindOptions, findGuest } from './life/find-guest.ts';
import { plainGuest } from './plain-guest.ts';

/** The guest that is drawn beside its host. */
export type Meant =
  | { kind: 'none' }
  /** What create-vm would start if nothing but a name was given. */
  | { kind: 'plain' }
  /** One that is there. */
  | { kind: 'known'; name: string; find: FindOptions }
  /** A plan in a file. */
  | { kind: 'file'; name: string; content: string };

/**
 * Collects what a picture shows.
 * @param addresses GPUs that are drawn, and that a plain guest gets; none stands for all of them.
 * @param options.open whether the devices themselves are asked.
 * @throws GhpassError those of {@link collectGpus}, but that a plan in a file is drawn without a host that has its GPUs; of
 * {@link findGuest} and of the planner; `plan-file.invalid`.
 */
export async function collectTopology(
  host: Host,
  addresses: readonly string[],
  { open, meant }: { open: boolean; meant: Meant },
): Promise<Topology> {
  if (meant.kind === 'file') return fromFile(host, addresses, { open, meant });
  const collected = await collectGpus(host, addresses, { open });
  const places = readPlaces(host, collected.host);
  const plan = await planOf(host, collected, meant);
  return drawn(collected, places, plan);
}

async function fromFile(
  host: Host,
  addresses: readonly string[],
  { open, meant }: { open: boolean; meant: Meant & { kind: 'file' } },
): Promise<Topology> {
  const { parsePlanFile } = await import('./plan-file.ts');
  const plan = parsePlanFile(meant.name, meant.content);
  const wanted = isPseries(plan) ? plan.hostBridges.flatMap(({ gpus }) => gpus) : plan.gpus;
  const collected = await collectGpus(host, addresses, { open }).catch(withoutGpus);
  const isThere = wanted.every(({ address }) => collected?.gpus.some(({ pci }) => pci.address === address));
  if (collected === null || !isThere) return { host: null, guest: guestOf(plan, []) };
  return drawn(collected, readPlaces(host, collected.host), plan);
}

/** The plan may have been made elsewhere. */
function withoutGpus(error: unknown): null {
  if (error instanceof GhpassError && error.kind === 'unsupported') return null;
  throw error;
}

function drawn({ host, gpus }: CollectedGpus, places: Places, plan: DrawnPlan | DrawnPseries | null): Topology {
  return { host: hostTopology(host, gpus, places), guest: plan && guestOf(plan, gpus) };
}

function guestOf(plan: DrawnPlan | DrawnPseries, gpus: CollectedGpus['gpus']): Topology['guest'] {
  return isPseries(plan) ? pseriesTopology(plan) : guestTopology(plan, gpus);
}

function isPseries(plan: DrawnPlan | DrawnPseries): plan is DrawnPseries {
  return plan.machine === 'pseries';
}

async function planOf(
  host: Host,
  collected: CollectedGpus,
  meant: Exclude<Meant, { kind: 'file' }>,
): Promise<DrawnPlan | DrawnPseries | null> {
  if (meant.kind === 'none') return null;
  if (meant.kind === 'known') return (await findGuest(host, meant.name, meant.find)).plan;
  const request = plainGuest(collected.host);
  if (collected.host.nvlinks.size > 0) return planPseries(collected.gpus, request);
  const tools = (await host.askTools()) ?? NEWEST_TOOLS;
  return planGuest({ ...collected, settings: readHostSettings(host, collected.host), tools, request });
}
