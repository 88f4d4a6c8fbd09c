import { expect, test } from 'vitest';
import { startTerminal } from './kit/terminal.ts';

const shell = (script: string, columns?: number) =>
  startTerminal(['sh', '-c', script], columns === undefined ? {} : { columns });

test('what a program writes is on the screen as a person sees it', async () => {
  const terminal = shell(`printf 'over\\rwritten\\n\\033[31mred\\033[0m  \\n'; stty size`);
  expect(await terminal.ended).toEqual({ status: 0, signal: 0 });
  await terminal.shows('24 80');
  expect(terminal.screen()).toEqual(['written', 'red', '24 80']);
});

test('keys arrive, and so does another size', async () => {
  const terminal = shell('trap "stty size; exit 3" WINCH; read line; echo "<$line>"; while :; do sleep 0.05; done', 60);
  terminal.type('hello\r');
  await terminal.shows('<hello>');
  terminal.resize(40, 10);
  await terminal.shows('10 40');
  expect(await terminal.ended).toEqual({ status: 3, signal: 0 });
});

test('a text that never comes is missed, with the screen', async () => {
  const terminal = shell('echo something else');
  await expect(terminal.shows('this')).rejects.toThrow(/"status":0.* without this on its screen:\nsomething else$/);
});

test('modes of the terminal can be seen', async () => {
  const plain = {
    alternateScreen: false,
    bracketedPaste: false,
    cursorHidden: false,
    mouse: 'none',
    plainText: true,
  };
  const terminal = shell(`printf '\\033[?1049h\\033[?2004h\\033[?25l\\033[?1002h\\033[31mhere'; read line;
    printf '\\033[?1049l\\033[?2004l\\033[?25h\\033[?1002l\\033[0mthere'; read line`);
  expect(terminal.modes()).toEqual(plain);
  await terminal.shows('here');
  const set = { alternateScreen: true, bracketedPaste: true, cursorHidden: true, mouse: 'drag', plainText: false };
  expect(terminal.modes()).toEqual(set);
  terminal.type('\r');
  await terminal.shows('there');
  expect(terminal.modes()).toEqual(plain);
  terminal.signal('SIGTERM');
  expect(await terminal.ended).toEqual({ status: 0, signal: 15 });
});
