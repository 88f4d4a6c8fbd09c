import { configSpace } from '../../src/host/builtin/config-writer.ts';
import { migWorksWithCachedMemory } from '../../src/host/pci/dvsec.ts';
import { type FuzzTarget, promise } from '../target.ts';

const CONFIG_BYTES = 4096;

/** The configuration space of a device. Inputs are what comes from 0x100 on: the rest is not read. */
export const target: FuzzTarget = {
  name: 'dvsec',
  sources: ['host/pci/dvsec.ts'],
  form: 'bytes',
  maxBytes: CONFIG_BYTES,
  words: ['\u00de\u0010'],
  seeds: () => [true, false].map((bit) => configSpace(0x2342, 0x16eb, bit).slice(0x100, 0x180)),
  run(input) {
    const config = new Uint8Array(Math.min(CONFIG_BYTES, 0x100 + input.length));
    config.set(input.subarray(0, CONFIG_BYTES - 0x100), 0x100);
    const answer = migWorksWithCachedMemory(config);
    promise((answer === null) === (input.length === 0), 'an extended space that was readable gives an answer');
  },
};
