import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWords } from '../../src/libvirt/shell-words.ts';

test.each([
  ['plain words', 'a  b\tc', ['a', 'b', 'c']],
  ['lines that go on', '/usr/bin/qemu \\\n-name guest=x \\\n-S\n', ['/usr/bin/qemu', '-name', 'guest=x', '-S']],
  ['quotes', `'a b' c'd'e '' 'it'\\''s'`, ['a b', 'cde', '', "it's"]],
  [
    'white space that a shell takes for text',
    'a\u2028b c\u2004d e\u00a0f g\rh',
    ['a\u2028b', 'c\u2004d', 'e\u00a0f', 'g\rh'],
  ],
  ['what is quoted on other lines', "'a\nb' c\\ d", ['a\nb', 'c d']],
])('reads %s as a shell does', (_name, line, words) => {
  expect(shellWords(line)).toEqual(words);
  const shell = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8', env: { LC_ALL: 'C.UTF-8' } });
  expect(shell.split('\0').slice(0, -1)).toEqual(words);
});
