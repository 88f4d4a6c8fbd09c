import { jsonBytes } from './envelope.ts';

/** A copy for JSON: every bigint is a size, and becomes integer bytes. */
export function jsonReady(value: unknown): unknown {
  if (typeof value === 'bigint') return jsonBytes(value);
  if (Array.isArray(value)) return value.map(jsonReady);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, jsonReady(member)]));
}
