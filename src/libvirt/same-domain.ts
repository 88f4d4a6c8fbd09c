import { droppedBy } from './read-back.ts';

/** What libvirt fills in of a controller that was given without. */
const FILLED_IN = /^domain\/devices\/controller(\[\d+\])?\/(model|address|target)\b/;

/**
 * Whether libvirt would make of a domain what it has already: it moves elements, writes values in its own spelling, and
 * fills in what controllers were given without.
 * @throws GhpassError `xml.invalid`.
 */
export function isSameDomain(kept: string, planned: string): boolean {
  if (kept === planned) return true;
  return droppedBy(planned, kept).length === 0 && droppedBy(kept, planned).every((path) => FILLED_IN.test(path));
}
