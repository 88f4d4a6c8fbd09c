import { describe, expect, test } from 'vitest';
import { GhpassError } from '../../src/errors.ts';
import { parseDeviceAnswer, parseVerbError } from '../../src/vfio/protocol.ts';
import fc from '../fixtures/fast-check.ts';

const ANSWER = {
  schema: 1,
  address: '0009:01:00.0',
  via: 'cdev',
  deviceInfo: '1800',
  regions: [
    { index: 0, info: '00ff' },
    { index: 6, skipped: true },
    { index: 8, errno: 22 },
  ],
  error: null,
};
const REFUSED = {
  schema: 1,
  address: '0009:01:00.0',
  via: 'group',
  error: { step: 'group-open', errno: 16, path: '/dev/vfio/12' },
};

describe('what the helper prints', () => {
  test('of a device that answers', () => {
    expect(parseDeviceAnswer(JSON.stringify(ANSWER))).toEqual({
      address: '0009:01:00.0',
      via: 'cdev',
      deviceInfo: Buffer.from([0x18, 0x00]),
      regions: [
        { index: 0, info: Buffer.from([0x00, 0xff]), errno: null },
        { index: 6, info: null, errno: null },
        { index: 8, info: null, errno: 22 },
      ],
      error: null,
    });
  });

  test('of a device that refuses', () => {
    expect(parseDeviceAnswer(JSON.stringify(REFUSED))).toEqual({
      address: '0009:01:00.0',
      via: 'group',
      deviceInfo: null,
      regions: [],
      error: { step: 'group-open', errno: 16, path: '/dev/vfio/12' },
    });
  });

  test('of any verb that failed, or did not', () => {
    expect(parseVerbError('{"error":{"step":"driver-bind","errno":22,"path":null}}')).toEqual({
      step: 'driver-bind',
      errno: 22,
      path: null,
    });
    expect(parseVerbError('{"error":null}')).toBeNull();
    expect(parseVerbError('{}')).toBeNull();
  });
});

describe('output that is not as the protocol says is refused', () => {
  const region = (value: unknown) => ({ ...ANSWER, regions: [{ index: 0 }, value] });
  const error = (value: unknown) => ({ ...ANSWER, error: value });

  test.each<[string, unknown]>([
    ['schema is 2, not 1', { ...ANSWER, schema: 2 }],
    ['schema is undefined, not 1', {}],
    ['schema is "1", not 1', { ...ANSWER, schema: '1' }],
    ['output is no object', []],
    ['output is no object', null],
    ['via is neither "cdev" nor "group"', { ...ANSWER, via: 'vfio' }],
    ['address is no string', { ...ANSWER, address: 9 }],
    ['deviceInfo is no string', { ...ANSWER, deviceInfo: 18 }],
    ['deviceInfo is not hexadecimal', { ...ANSWER, deviceInfo: '0x18' }],
    ['deviceInfo is not hexadecimal', { ...ANSWER, deviceInfo: '180' }],
    ['regions is no array', { ...ANSWER, regions: {} }],
    ['regions[1] is no object', region('00')],
    ['regions[1].index is no whole number', region({ index: 1.5 })],
    ['regions[1].index is no whole number', region({})],
    ['regions[1].info is not hexadecimal', region({ index: 1, info: 'FF' })],
    ['regions[1].errno is no whole number', region({ index: 1, errno: -22 })],
    ['error is no object', error('EBUSY')],
    ['error.step is no string', error({ errno: 16, path: null })],
    ['error.errno is no whole number', error({ step: 'group-open', errno: '16', path: null })],
    ['error.path is no string', error({ step: 'group-open', errno: 16, path: 12 })],
  ])('%s', (what, output) => {
    expect(() => parseDeviceAnswer(JSON.stringify(output))).toThrow(refusal(what));
  });

  test.each(['', '{', 'Segmentation fault'])('%j', (output) => {
    expect(() => parseDeviceAnswer(output)).toThrow(refusal('output is no JSON'));
    expect(() => parseVerbError(output)).toThrow(refusal('output is no JSON'));
  });

  function refusal(what: string) {
    return expect.objectContaining({
      kind: 'tool',
      code: 'helper.protocol',
      message: `ghpass-vfio: ${what}`,
      suggestions: ['npm rebuild ghpass'],
    });
  }
});

test('any document gives an answer, or an error that names the field', () => {
  const values = fc.oneof(fc.jsonValue(), fc.constantFrom('', '0g', '00', -1, 0.5, {}, []));
  const documents = fc
    .tuple(fc.constantFrom(ANSWER, REFUSED), fc.constantFrom(...Object.keys(ANSWER)), values)
    .map(([answer, field, value]) => JSON.stringify({ ...answer, [field]: value }));
  fc.assert(
    fc.property(fc.oneof(documents, fc.json(), fc.string()), (output) => {
      for (const parse of [parseDeviceAnswer, parseVerbError]) {
        try {
          parse(output);
        } catch (error) {
          expect(error).toBeInstanceOf(GhpassError);
          expect(error).toMatchObject({ code: 'helper.protocol', message: expect.stringMatching(/^ghpass-vfio: \S/) });
        }
      }
    }),
  );
});
