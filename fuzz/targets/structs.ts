import { helperOutput } from '../../src/host/builtin/vfio-writer.ts';
import { parseDeviceAnswer } from '../../src/vfio/protocol.ts';
import { decodeDeviceInfo, decodeRegionInfo, StructError } from '../../src/vfio/structs.ts';
import { allowing, type FuzzTarget, promise } from '../target.ts';

/** What the kernel answers for a device or a region, as bytes. */
export const target: FuzzTarget = {
  name: 'structs',
  sources: ['vfio/structs.ts'],
  form: 'bytes',
  maxBytes: 1024,
  seeds() {
    const regions = [0, 2, 4].map((index) => ({
      index,
      sizeBytes: 1n << 30n,
      sparseBytes: index > 0 ? 1n << 29n : null,
    }));
    const { deviceInfo, regions: answers } = parseDeviceAnswer(helperOutput('0009:01:00.0', regions));
    return [deviceInfo, ...answers.map(({ info }) => info), typedRegion()].flatMap((info) => info ?? []);
  },
  run(input) {
    allowing(StructError, () => decodeDeviceInfo(input));
    allowing(StructError, () => {
      const { capabilities, sparseAreas } = decodeRegionInfo(input);
      promise(capabilities.length <= input.length, 'no more capabilities than bytes');
      promise((sparseAreas?.length ?? 0) * 16 <= input.length, 'no more areas than bytes');
    });
  },
};

/** A region of the device's own kind: one capability of type. */
function typedRegion(): Uint8Array {
  const info = Buffer.alloc(48);
  [48, 0x9, 9, 32].forEach((word, i) => {
    info.writeUInt32LE(word, 4 * i);
  });
  [2, 1].forEach((half, i) => {
    info.writeUInt16LE(half, 32 + 2 * i);
  });
  info.writeUInt32LE(0x8000_10de, 40);
  info.writeUInt32LE(1, 44);
  return info;
}
