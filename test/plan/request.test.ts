import { describe, expect, test } from 'vitest';
import { requireGuestName, requireMemorySize } from '../../src/plan/request.ts';
import { GIB, MIB, TIB } from '../fixtures/grace-host.ts';

describe('the memory of a guest', () => {
  test.each<[string, bigint]>([
    ['64G', 64n * GIB],
    ['64GiB', 64n * GIB],
    ['64gb', 64n * GIB],
    ['65536M', 64n * GIB],
    ['2T', 2n * TIB],
    ['536870912', 512n * MIB],
    ['1048576K', GIB],
    [' 1G ', GIB],
  ])('typed as %j', (text, bytes) => {
    expect(requireMemorySize(text)).toBe(bytes);
  });

  test.each<[string, string]>([
    ['511M', 'at least 512 MiB'],
    ['0', 'at least 512 MiB'],
    ['1073741825', 'a whole number of MiB, as in 64G'],
    ['1.5G', 'a whole number of MiB, as in 64G'],
    ['-1G', 'a whole number of MiB, as in 64G'],
    ['', 'a whole number of MiB, as in 64G'],
    ['1P', 'a whole number of MiB, as in 64G'],
  ])('typed as %j is refused', (text, why) => {
    expect(() => requireMemorySize(text)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'guest.memory-invalid',
        message: `--memory ${text}: the memory of a guest is ${why}`,
        suggestions: ['--memory 4GiB'],
      }),
    );
  });
});

describe('the name of a guest', () => {
  test.each(['demo', 'a', '9.a_b-C', 'x'.repeat(63)])('can be %j', (name) => {
    expect(requireGuestName(name)).toBe(name);
  });

  test.each(['', '-demo', '.', '..', 'a/b', 'a,b', 'a b', 'ä', 'x'.repeat(64), 'a\n'])('cannot be %j', (name) => {
    expect(() => requireGuestName(name)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'guest.name-invalid',
        message: `${JSON.stringify(name)} is no guest name: letters, digits, ".", "_" and "-", at most 63, the first a letter or digit`,
        suggestions: ['ghpass create-vm demo'],
      }),
    );
  });
});
