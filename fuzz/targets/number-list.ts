import { formatNumberList, parseNumberList } from '../../src/host/numa/number-list.ts';
import { type FuzzTarget, promise } from '../target.ts';

/** A list of CPUs or nodes. */
export const target: FuzzTarget = {
  name: 'number-list',
  sources: ['host/numa/number-list.ts'],
  form: 'bytes',
  maxBytes: 512,
  words: [',', '-', '0-', '999999'],
  seeds: () => ['', '0-3,8', '1-8,10-12', '0-71'].map((text) => Buffer.from(text)),
  run(input) {
    const text = Buffer.from(input).toString('latin1');
    const numbers = parseNumberList(text);
    if (numbers === null) return;
    const again = parseNumberList(formatNumberList(numbers));
    promise(JSON.stringify(again) === JSON.stringify(numbers), 'a list reads as it is written');
  },
};
