import { GhpassError } from '../../src/errors.ts';
import { helperOutput } from '../../src/host/builtin/vfio-writer.ts';
import { parseDeviceAnswer, parseVerbError } from '../../src/vfio/protocol.ts';
import { allowing, type FuzzTarget } from '../target.ts';

/** What `ghpass-vfio` printed, or a snapshot says that it did. */
export const target: FuzzTarget = {
  name: 'protocol',
  sources: ['vfio/protocol.ts'],
  form: 'json',
  maxBytes: 8192,
  seeds() {
    const refused = {
      schema: 1,
      address: '0009:01:00.0',
      via: 'group',
      error: { step: 'group-open', errno: 16, path: null },
    };
    const regions = [{ index: 4, sizeBytes: 1n << 31n, sparseBytes: 3n << 29n }];
    return [helperOutput('0009:01:00.0', regions), JSON.stringify(refused)].map((text) => Buffer.from(text));
  },
  run(input) {
    const output = Buffer.from(input).toString();
    allowing(GhpassError, () => parseDeviceAnswer(output));
    allowing(GhpassError, () => parseVerbError(output));
  },
};
