import { dirname } from 'node:path';
import { GhpassError } from '../errors.ts';
import type { FirmwareFacts } from '../host/firmware.ts';
import type { DomainFacts } from './domain-facts.ts';
import type { GuestPlan } from './guest-plan.ts';

/** First release of edk2's ArmVirtQemu whose guests keep their nodes (seen with 2022.11: Linux fakes one node; 2025.02 is good). */
const GOOD_SINCE = '2023';

/**
 * Whether an image is known to lose the NUMA topology: AAVMF 2022.11, as Debian 12 has it, makes Linux fake a single node
 * while it still lists the generic initiators.
 */
export function losesTopology(firmware: FirmwareFacts): boolean {
  const { package: owner } = firmware;
  const year = /^(?:\d+:)?(\d{4})(?:\.|\d{4})/.exec(owner?.version ?? '')?.[1];
  return year !== undefined && year < GOOD_SINCE;
}

/**
 * The first image that is not known to be bad, else the first.
 * @throws GhpassError `firmware.missing`.
 */
export function chooseFirmware(images: readonly FirmwareFacts[]): FirmwareFacts {
  const chosen = images.find((image) => !losesTopology(image)) ?? images[0];
  if (chosen) return chosen;
  throw new GhpassError('tool', {
    code: 'firmware.missing',
    message: 'no UEFI image for aarch64 guests is described in /usr/share/qemu/firmware',
    suggestions: ['apt-get install qemu-efi-aarch64', 'dnf install edk2-aarch64'],
  });
}

/**
 * The image that a domain boots from. libvirt writes the one that it has chosen into the definition; where it has not chosen yet,
 * it will take the first, which can be one with secure boot (11.3 and 12.8). Variables of a domain are libvirt's affair.
 * @throws GhpassError `firmware.missing` where it names none, and none is there.
 */
export function firmwareOfDomain(
  { firmwareImage: code }: Pick<DomainFacts, 'firmwareImage'>,
  images: readonly FirmwareFacts[],
): GuestPlan['firmware'] {
  if (code === null) return images[0] ?? chooseFirmware(images);
  const known = imageOf(code, images);
  return { code, variablesTemplate: known?.variablesTemplate ?? '', format: known?.format ?? 'raw' };
}

/** What is known of an image, or of another one of its build. */
export function imageOf(code: string, images: readonly FirmwareFacts[]): FirmwareFacts | undefined {
  return images.find((image) => image.code === code) ?? images.find((image) => dirname(image.code) === dirname(code));
}
