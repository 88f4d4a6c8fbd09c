import { describe, expect, test } from 'vitest';
import { checkGpuFunctionSpec, type GpuFunctionSpec } from '../../lab/gpu/spec.ts';
import { formatGpuFunctionSpec, parseGpuFunctionSpec } from '../../lab/gpu/spec-json.ts';
import fc from '../fixtures/fast-check.ts';
import { GH200 } from './gh200.ts';

describe('a GPU function that cannot exist is refused', () => {
  test.each<[string, Partial<GpuFunctionSpec>, string]>([
    ['a device id of 17 bits', { deviceId: 0x12342 }, 'deviceId is 74562; it has to be an integer from 0 to 0xffff'],
    ['a fraction as revision', { revision: 1.5 }, 'revision is 1.5; it has to be an integer from 0 to 0xff'],
    [
      'a BAR2 of the raw memory size, which is no power of two',
      { bar2Bytes: 0x1800000000n },
      'bar2Bytes is 0x1800000000; the length of a BAR has to be a power of two from 0x1000 to 0x4000000000000000',
    ],
    [
      'a BAR0 too short for the readiness registers',
      { bar0Bytes: 0x20000n },
      'bar0Bytes is 0x20000; the length of a BAR has to be a power of two from 0x40000 to 0x4000000000000000',
    ],
    [
      'a BAR4 below a page',
      { bar4Bytes: 0x800n },
      'bar4Bytes is 0x800; the length of a BAR has to be a power of two from 0x1000 to 0x4000000000000000',
    ],
  ])('%s', (_title, change, message) => {
    expect(() => checkGpuFunctionSpec({ ...GH200, ...change })).toThrow(new RangeError(message));
  });

  test('BAR2 and BAR4 may be absent', () => {
    expect(checkGpuFunctionSpec({ ...GH200, bar2Bytes: 0n, bar4Bytes: 0n })).toMatchObject({ bar2Bytes: 0n });
  });
});

describe('the JSON form', () => {
  const barBytes = fc.integer({ min: 18, max: 62 }).map((bit) => 1n << BigInt(bit));
  const specs: fc.Arbitrary<GpuFunctionSpec> = fc.record(
    {
      deviceId: fc.integer({ min: 0, max: 0xffff }),
      subsystemId: fc.integer({ min: 0, max: 0xffff }),
      revision: fc.integer({ min: 0, max: 0xff }),
      bar0Bytes: barBytes,
      bar2Bytes: fc.oneof(fc.constant(0n), barBytes),
      bar4Bytes: fc.oneof(fc.constant(0n), barBytes),
      dvsec: fc.boolean(),
      c2cReady: fc.boolean(),
      hbmReady: fc.boolean(),
    },
    {
      requiredKeys: ['deviceId', 'subsystemId', 'revision', 'bar2Bytes', 'bar4Bytes', 'dvsec', 'c2cReady', 'hbmReady'],
    },
  );

  test('reading what was written gives the same spec', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        expect(parseGpuFunctionSpec(formatGpuFunctionSpec(spec))).toEqual(spec);
      }),
    );
  });

  const GH200_JSON = JSON.parse(formatGpuFunctionSpec(GH200));
  test.each<[string, string, string]>([
    ['no JSON at all', '{', 'the GPU spec is not JSON: {'],
    ['a list', '[]', 'the GPU spec is not a JSON object: []'],
    [
      'a JSON number, which would lose the low bits of a length',
      JSON.stringify({ ...GH200_JSON, bar2Bytes: 137438953472 }),
      'bar2Bytes is 137438953472; the GPU spec wants a string such as "0x1000"',
    ],
    [
      'a missing id',
      JSON.stringify({ ...GH200_JSON, deviceId: undefined }),
      'deviceId is missing; the GPU spec wants a string such as "0x1000"',
    ],
    [
      'a word for a flag',
      JSON.stringify({ ...GH200_JSON, dvsec: 'yes' }),
      'dvsec is "yes"; the GPU spec wants true or false',
    ],
    [
      'misspelt fields',
      JSON.stringify({ ...GH200_JSON, bar1Bytes: '0x1000', ready: true }),
      'the GPU spec has unknown fields: bar1Bytes, ready',
    ],
  ])('%s is refused', (_title, json, message) => {
    expect(() => parseGpuFunctionSpec(json)).toThrow(new Error(message));
  });
});
