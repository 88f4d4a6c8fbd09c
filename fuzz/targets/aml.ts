import { readDeviceProperties } from '../../src/host/acpi/device-properties.ts';
import { definitionBlock, device, deviceProperties, scope } from '../../src/host/builtin/aml-writer.ts';
import { type FuzzTarget, promise } from '../target.ts';

const GPU = '\\_SB_.PCI9.RP00.GPU0';

/** A DSDT or SSDT: firmware's bytecode, of which the names and constants are read. */
export const target: FuzzTarget = {
  name: 'aml',
  sources: ['host/acpi/aml-', 'host/acpi/device-properties.ts'],
  form: 'bytes',
  maxBytes: 2048,
  words: ['_SB_', 'PCI9', 'RP00', 'GPU0', '_DSD', 'nvidia,gpu-mem-size', '\\', '^', '\u005b\u0082', '\u000e'],
  seeds() {
    const gpu = device(
      'GPU0',
      deviceProperties({ 'nvidia,gpu-mem-base-pa': 1n << 41n, 'nvidia,gpu-mem-size': 1n << 36n }),
    );
    const terms = [scope('\\_SB_', device('PCI9', device('RP00', gpu))), scope(GPU, deviceProperties({ size: 1n }))];
    return [...terms.map((term) => definitionBlock('SSDT', term)), Uint8Array.from(OBJECTS)];
  },
  run(input) {
    for (const [name, value] of [...readDeviceProperties([input]).values()].flatMap((properties) => [...properties])) {
      promise(name.length <= input.length, 'no name is longer than its table');
      promise(value >= 0n && value < 1n << 64n, 'an integer has 64 bits');
    }
  },
};

/** Behind a header: a method, an external, a mutex, an event, a region with its field, and a thermal zone. */
const OBJECTS = [
  ...Array<number>(36).fill(0),
  ...[0x14, 0x08, ...Buffer.from('MTH0'), 0x00, 0xa4, 0x01],
  ...[0x15, ...Buffer.from('EXT0'), 0x06, 0x00],
  ...[0x5b, 0x01, ...Buffer.from('MTX0'), 0x08],
  ...[0x5b, 0x02, ...Buffer.from('EVT0')],
  ...[0x5b, 0x80, ...Buffer.from('REG0'), 0x00, 0x0c, 0, 0, 0, 0xfe, 0x0a, 0x10],
  ...[0x5b, 0x81, 0x0b, ...Buffer.from('REG0'), 0x01, ...Buffer.from('FLD0'), 0x20],
  ...[0x5b, 0x85, 0x0b, ...Buffer.from('TZ00'), 0x08, ...Buffer.from('_TMP'), 0x01],
];
