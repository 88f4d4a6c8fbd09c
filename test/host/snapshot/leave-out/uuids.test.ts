import { expect, test } from 'vitest';
import { uuids } from '../../../../src/host/snapshot/leave-out/uuids.ts';
import { textAfter } from './fixture.ts';

test.each([
  ['root=UUID=1b4e28ba-2fa1-11d2-883f-0016d3cca427', 'root=UUID=00000000-0000-0000-0000-000000000000'],
  ['GPU-1B4E28BA-2FA1-11D2-883F-0016D3CCA427', 'GPU-00000000-0000-0000-0000-000000000000'],
  ['pod1b4e28ba_2fa1_11d2_883f_0016d3cca427.slice', 'pod00000000_0000_0000_0000_000000000000.slice'],
  ['1b4e28ba-2fa1-11d2-883f', '1b4e28ba-2fa1-11d2-883f'],
  ['0009:01:00.0', '0009:01:00.0'],
])('%j becomes %j', (text, expected) => {
  expect(textAfter(uuids, '/proc/1234/cgroup', text)).toBe(expected);
});

test('what the kernel was built with stays as it is', () => {
  const text = 'CONFIG_BUILD_SALT="1b4e28ba-2fa1-11d2-883f-0016d3cca427"\n';
  expect(textAfter(uuids, '/boot/config-6.17.0', text)).toBe(text);
  expect(textAfter(uuids, '/lib/modules/6.17.0/modules.alias', text)).toBe(text);
});
