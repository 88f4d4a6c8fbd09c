import { constants } from 'node:os';

/** Symbolic name of a Linux errno, or its number where there is none. */
export function errnoName(errno: number): string {
  const entry = Object.entries(constants.errno).find(([, value]) => value === errno);
  return entry?.[0] ?? `errno ${errno}`;
}
