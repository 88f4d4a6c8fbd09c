import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { LibvirtFacts } from '../../host/libvirt.ts';
import { NEWEST_LIBVIRT } from '../../host/newest-tools.ts';
import { FALLBACK, type Profile, profileOf } from '../../libvirt/profile.ts';
import type { GuestRequest } from '../../plan/request.ts';

export type ProfileName = 'native' | 'fallback' | 'auto';

/**
 * How the domain is written for the libvirt at a URI: `auto` takes what it can do, element by element; `native` insists on
 * elements; `fallback` is what any libvirt keeps.
 * @throws GhpassError `libvirt.profile` where `native` is asked for and libvirt would drop what it needs.
 */
export async function chooseProfile(host: Host, uri: string, name: ProfileName): Promise<Profile> {
  if (name === 'fallback') return FALLBACK;
  const facts = (await host.askLibvirt(uri)) ?? NEWEST_LIBVIRT;
  const profile = profileOf(facts);
  if (name === 'native') requireElements(facts);
  return profile;
}

/** A request without what this libvirt has no element for. */
export function requestFor(profile: Profile, request: GuestRequest): GuestRequest {
  const { placement, iommufd } = request;
  return {
    ...request,
    iommufd: profile.iommufd ? iommufd : false,
    placement: { ...placement, smmu: profile.acceleratedSmmu ? placement.smmu : 'off' },
  };
}

function requireElements({ version, acpiNodeset, emptyCells, pciHole64 }: LibvirtFacts): void {
  const missing = [
    acpiNodeset ? [] : '<acpi nodeset> of a hostdev',
    emptyCells ? [] : '<cell memory="0">',
    pciHole64 ? [] : '<pcihole64> on the virt machine',
  ].flat();
  if (missing.length === 0) return;
  throw new GhpassError('tool', {
    code: 'libvirt.profile',
    message: `libvirt ${version.join('.')} does not know ${missing.join(', ')}`,
    suggestions: ['--profile auto', '--profile fallback'],
  });
}
