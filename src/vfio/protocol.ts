import { GhpassError } from '../errors.ts';

/** Version of the JSON that `ghpass-vfio` prints. */
const SCHEMA = 1;

/** Where a system call of the helper failed. */
export interface FailedStep {
  /** One of the helper's closed set of step names. */
  step: string;
  errno: number;
  path: string | null;
}

/** What the kernel answered for one region: bytes of its answer, an errno, or nothing where the region was not asked for. */
export interface RegionAnswer {
  index: number;
  info: Uint8Array | null;
  errno: number | null;
}

/** What `ghpass-vfio probe` printed, its hex turned into bytes and nothing else. */
export interface DeviceAnswer {
  address: string;
  via: 'cdev' | 'group';
  deviceInfo: Uint8Array | null;
  regions: RegionAnswer[];
  error: FailedStep | null;
}

/**
 * Reads what `ghpass-vfio probe` printed. The output may come from another machine, so nothing in it is trusted.
 * @throws GhpassError (`helper.protocol`) that names the first field that is not as the protocol says.
 */
export function parseDeviceAnswer(output: string): DeviceAnswer {
  const answer = object(parseJson(output), 'output');
  if (answer.schema !== SCHEMA) throw broken(`schema is ${JSON.stringify(answer.schema)}, not ${SCHEMA}`);
  const via = answer.via;
  if (via !== 'cdev' && via !== 'group') throw broken('via is neither "cdev" nor "group"');
  return {
    address: string(answer.address, 'address'),
    via,
    deviceInfo: answer.deviceInfo == null ? null : hex(answer.deviceInfo, 'deviceInfo'),
    regions: array(answer.regions ?? [], 'regions').map(parseRegion),
    error: answer.error == null ? null : parseFailedStep(answer.error),
  };
}

/**
 * Reads the `error` of any verb's output.
 * @returns null where the verb succeeded.
 */
export function parseVerbError(output: string): FailedStep | null {
  const answer = object(parseJson(output), 'output');
  return answer.error == null ? null : parseFailedStep(answer.error);
}

function parseRegion(value: unknown, position: number): RegionAnswer {
  const where = `regions[${position}]`;
  const region = object(value, where);
  return {
    index: integer(region.index, `${where}.index`),
    info: region.info == null ? null : hex(region.info, `${where}.info`),
    errno: region.errno == null ? null : integer(region.errno, `${where}.errno`),
  };
}

/** Reads an `error` that is not null. */
export function parseFailedStep(value: unknown): FailedStep {
  const error = object(value, 'error');
  return {
    step: string(error.step, 'error.step'),
    errno: integer(error.errno, 'error.errno'),
    path: error.path == null ? null : string(error.path, 'error.path'),
  };
}

/** The functions from here on read one value each, and throw `helper.protocol` with the name of what is not as it should be. */
export function parseJson(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    throw broken('output is no JSON');
  }
}

export function object(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw broken(`${where} is no object`);
  return value as Record<string, unknown>;
}

export function array(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw broken(`${where} is no array`);
  return value;
}

export function string(value: unknown, where: string): string {
  if (typeof value !== 'string') throw broken(`${where} is no string`);
  return value;
}

export function integer(value: unknown, where: string): number {
  if (!Number.isInteger(value) || (value as number) < 0) throw broken(`${where} is no whole number`);
  return value as number;
}

export function hex(value: unknown, where: string): Uint8Array {
  const text = string(value, where);
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw broken(`${where} is not hexadecimal`);
  return Buffer.from(text, 'hex');
}

export function broken(what: string): GhpassError {
  return new GhpassError('tool', {
    code: 'helper.protocol',
    message: `ghpass-vfio: ${what}`,
    suggestions: ['npm rebuild ghpass'],
  });
}
