import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { tryLibvirt } from '../../host/libvirt/libvirt-answer.ts';
import type { LibvirtFacts } from '../../host/libvirt/libvirt-facts.ts';
import { virshMissing } from '../../host/libvirt/run-virsh.ts';
import { NEWEST_LIBVIRT } from '../../host/programs/newest-tools.ts';
import { FALLBACK, type Profile, profileOf } from '../../libvirt/profile.ts';
import type { GuestRequest } from '../../plan/request.ts';
import type { GuestLibvirt } from '../life/prepare.ts';
import { requireThisMachine } from './require-this-machine.ts';

export type ProfileName = 'native' | 'fallback' | 'auto';

export interface ProfileChoice {
  /** URI of the libvirt that the domain is for. */
  connect: string;
  profile: ProfileName;
  /** Nothing is going to be defined: where no libvirt answers, the newest is assumed. */
  dryRun: boolean;
}

/** How a domain is written, and the libvirt that it is written for. */
export interface ChosenProfile {
  name: ProfileName;
  profile: Profile;
  libvirt: GuestLibvirt;
}

/**
 * How the domain is written for the libvirt at a URI: `auto` takes what it can do, element by element; `native` insists on
 * elements; `fallback` is what any libvirt keeps.
 * @throws GhpassError `libvirt.other-host` where it runs its guests on another machine; `libvirt.profile` where `native` is asked for and libvirt would drop what it needs; but for a dry run
 * also `libvirt.missing`, and those of `Host.askLibvirt`.
 */
export async function chooseProfile(
  host: Host,
  { connect, profile: name, dryRun }: ProfileChoice,
): Promise<ChosenProfile> {
  await requireThisMachine(host, connect);
  const libvirt = await askFor(host, connect, dryRun);
  if (name === 'fallback') return { name, profile: FALLBACK, libvirt };
  if (name === 'native') requireElements(libvirt.facts);
  return { name, profile: profileOf(libvirt.facts), libvirt };
}

async function askFor(host: Host, connect: string, dryRun: boolean): Promise<GuestLibvirt> {
  const answer = await tryLibvirt(host, connect);
  if (answer !== null && !('unanswered' in answer)) return { facts: answer, assumedBecause: null };
  if (!dryRun) throw answer?.unanswered ?? virshMissing();
  const assumedBecause = answer?.unanswered.message ?? `${host.source.name} does not tell about libvirt`;
  return { facts: { ...NEWEST_LIBVIRT, uri: connect }, assumedBecause };
}

/**
 * A request without what this libvirt has no element for.
 * @throws GhpassError `libvirt.profile` where that was asked for.
 */
export function requestFor({ name, profile, libvirt }: ChosenProfile, request: GuestRequest): GuestRequest {
  const { placement, iommufd } = request;
  const refused = [
    iommufd === true && !profile.iommufd ? ["iommufd as the VFIO path, which '--vfio iommufd' asks for"] : [],
    placement.smmu === 'on' && !profile.acceleratedSmmu ? ["an accelerated SMMUv3, which '--smmu on' asks for"] : [],
  ].flat();
  if (refused.length > 0)
    throw noElement(name === 'fallback' ? 'the fallback profile' : nameOf(libvirt.facts), refused);
  return {
    ...request,
    iommufd: profile.iommufd ? iommufd : false,
    placement: { ...placement, smmu: profile.acceleratedSmmu ? placement.smmu : 'off' },
  };
}

function requireElements(facts: LibvirtFacts): void {
  const { acpiNodeset, emptyCells, pciHole64 } = facts;
  const unknown = [
    acpiNodeset ? [] : '<acpi nodeset> of a hostdev',
    emptyCells ? [] : '<cell memory="0">',
    pciHole64 ? [] : '<pcihole64> on the virt machine',
  ].flat();
  if (unknown.length === 0) return;
  throw new GhpassError('tool', {
    code: 'libvirt.profile',
    message: `${nameOf(facts)} does not know ${unknown.join(', ')}`,
    suggestions: ['--profile auto', '--profile fallback'],
  });
}

function noElement(who: string, refused: readonly string[]): GhpassError {
  return new GhpassError('tool', {
    code: 'libvirt.profile',
    message: `${who} has no element for ${refused.join(', nor for ')}`,
    suggestions: ['leave that out', 'use libvirt 12.7 or newer with --profile auto'],
  });
}

function nameOf({ version }: LibvirtFacts): string {
  return `libvirt ${version.join('.')}`;
}
