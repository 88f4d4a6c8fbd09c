import { shellWord } from '../../host/programs/shell-word.ts';

/** GPUs, by their addresses on the host, that a running domain gets and loses when it boots again: nodes are fixed at boot. */
export interface NextBoot {
  comes: readonly string[];
  goes: readonly string[];
}

/**
 * What ghpass changed in a domain since it was started, from the GPUs that it gave it. Pure.
 * @param now those of the domain as it runs; as it is defined where it is off.
 * @param then those of the domain as it is defined.
 * @returns null where it runs as it is defined.
 */
export function nextBootOf(now: readonly string[], then: readonly string[]): NextBoot | null {
  const comes = then.filter((address) => !now.includes(address));
  const goes = now.filter((address) => !then.includes(address));
  return comes.length + goes.length === 0 ? null : { comes, goes };
}

/** As a sentence. */
export function nextBootText(name: string, { comes, goes }: NextBoot): string {
  const changes = [
    comes.length === 0 ? [] : `gets ${comes.join(', ')}`,
    goes.length === 0 ? [] : `loses ${goes.join(', ')}`,
  ].flat();
  return `${name} runs as it was started, and ${changes.join(' and ')} at its next boot`;
}

/** The commands that end a domain and boot it as it is defined: a reboot from inside keeps what it has. */
export function bootAgain({ name, uri }: { name: string; uri: string }): string[] {
  const virsh = `virsh --connect=${shellWord(uri)}`;
  return [`${virsh} shutdown ${shellWord(name)}`, `${virsh} start ${shellWord(name)}   # when it is off`];
}
