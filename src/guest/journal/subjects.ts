/** Subject of the journal of a guest that runs; no PCI address looks like it. */
export function guestJournal(name: string): string {
  return `guest-${name}`;
}

/** Subject of the journal of what stays of a guest when it ends. */
export function definitionJournal(name: string): string {
  return `definition-${name}`;
}

/** @returns null for the subject of a device or of somebody else's domain. */
export function nameOfGuest(subject: string): string | null {
  return /^(?:guest|definition)-(.*)/.exec(subject)?.[1] ?? null;
}
