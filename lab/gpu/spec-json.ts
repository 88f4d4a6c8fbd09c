import { checkGpuFunctionSpec, type GpuFunctionSpec } from './spec.ts';

/**
 * Reads a spec from JSON, the form in which a process is started: `{"deviceId":"0x2342","subsystemId":"0x16eb",
 * "revision":"0xa1","bar2Bytes":"0x2000000000","bar4Bytes":"0x2000000","dvsec":true,"c2cReady":true,"hbmReady":true}`.
 * Numbers are hexadecimal strings, because JSON's own cannot hold a 64-bit length. Only `bar0Bytes` may be left out.
 * Throws an Error that names the field which is missing, unknown or wrong.
 */
export function parseGpuFunctionSpec(json: string): GpuFunctionSpec {
  const fields = objectFrom(json);
  const spec = {
    deviceId: Number(hexField(fields, 'deviceId')),
    subsystemId: Number(hexField(fields, 'subsystemId')),
    revision: Number(hexField(fields, 'revision')),
    ...('bar0Bytes' in fields ? { bar0Bytes: hexField(fields, 'bar0Bytes') } : {}),
    bar2Bytes: hexField(fields, 'bar2Bytes'),
    bar4Bytes: hexField(fields, 'bar4Bytes'),
    dvsec: booleanField(fields, 'dvsec'),
    c2cReady: booleanField(fields, 'c2cReady'),
    hbmReady: booleanField(fields, 'hbmReady'),
  };
  const unknown = Object.keys(fields).filter((name) => !(name in spec));
  if (unknown.length > 0) throw new Error(`the GPU spec has unknown fields: ${unknown.join(', ')}`);
  return checkGpuFunctionSpec(spec);
}

/** Writes a spec as the JSON that {@link parseGpuFunctionSpec} reads. */
export function formatGpuFunctionSpec(spec: GpuFunctionSpec): string {
  return JSON.stringify(spec, (_name, value) =>
    typeof value === 'number' || typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
  );
}

function objectFrom(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new Error(`the GPU spec is not JSON: ${json}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`the GPU spec is not a JSON object: ${json}`);
  }
  return { ...value };
}

function hexField(fields: Record<string, unknown>, name: string): bigint {
  const value = fields[name];
  if (typeof value === 'string' && /^0x[0-9a-f]{1,16}$/i.test(value)) return BigInt(value);
  throw new Error(`${name} is ${JSON.stringify(value) ?? 'missing'}; the GPU spec wants a string such as "0x1000"`);
}

function booleanField(fields: Record<string, unknown>, name: string): boolean {
  const value = fields[name];
  if (typeof value === 'boolean') return value;
  throw new Error(`${name} is ${JSON.stringify(value) ?? 'missing'}; the GPU spec wants true or false`);
}
