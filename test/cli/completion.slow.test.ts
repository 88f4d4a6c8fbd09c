import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'node-pty';
import { beforeAll, describe, expect, test } from 'vitest';
import { ghpass } from './kit/ghpass.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

const temporaryDirectory = temporaryDirectories();

/** A shell as somebody types into it, without anything that this machine adds to it. */
const SHELLS: Readonly<Record<string, { argv: string[]; setUp(script: string): string }>> = {
  bash: { argv: ['bash', '--noprofile', '--norc', '-i'], setUp: (script) => `source ${script}` },
  zsh: {
    argv: ['zsh', '-f', '-i'],
    setUp: (script) => `autoload -Uz compinit; compinit -u -D; source ${script}`,
  },
  fish: { argv: ['fish', '--no-config', '-i'], setUp: (script) => `source ${script}` },
};

const TELL: Readonly<Record<string, string>> = {
  bash: 'ghpass() { printf \'<%s>\' "$@"; echo; }',
  zsh: 'ghpass() { printf \'<%s>\' "$@"; echo; }',
  fish: "function ghpass; printf '<%s>' $argv; echo; end",
};

const has = (program: string) => spawnSync(program, ['--version']).status === 0;

/** What is typed, a tab where one is pressed, and the words that ghpass then gets. */
const TYPED: readonly [string, string[], string][] = [
  ['a command', ['ghpass pro', '\t'], '<probe>'],
  [
    'a flag, and a host with a colon in its name',
    ['ghpass probe --hos', '\t', ' builtin:gh200-n', '\t'],
    '<probe><--host><builtin:gh200-nvl2>',
  ],
  ['what a flag can be', ['ghpass create-vm demo --backend lib', '\t'], '<create-vm><demo><--backend><libvirt>'],
  [
    'the second of some checks',
    ['ghpass doctor --checks kernel.page-size,numa.bal', '\t'],
    '<doctor><--checks><kernel.page-size,numa.balancing>',
  ],
  ['a file', ['ghpass topology --plan-file pla', '\t'], '<topology><--plan-file><plan.json>'],
  ['a guest', ['ghpass verify my-gu', '\t'], '<verify><my-guest>'],
  ['a topic', ['ghpass help exit', '\t'], '<help><exit-codes>'],
];

let scripts: string;
beforeAll(async () => {
  installedPackage();
  scripts = temporaryDirectory();
  for (const shell of Object.keys(SHELLS)) {
    const { stdout, stderr, status } = await ghpass(['completion', shell]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    writeFileSync(join(scripts, shell), stdout);
  }
}, 120_000);

describe.each(Object.entries(SHELLS))('%s', (name, { argv, setUp }) => {
  const [shell = '', ...args] = argv;

  test.skipIf(!has(shell))('finds nothing wrong with the script', () => {
    expect(spawnSync(shell, ['-n', join(scripts, name)], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  test.skipIf(!has(shell)).each(TYPED)('completes %s', { timeout: 60_000 }, async (_what, typed, words) => {
    const home = temporaryDirectory();
    mkdirSync(join(home, 'run/ghpass/my-guest'), { recursive: true });
    writeFileSync(join(home, 'run/ghpass/my-guest/plan.json'), '');
    writeFileSync(join(home, 'plan.json'), '');
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: home,
      TERM: 'dumb',
      LANG: 'C.UTF-8',
      XDG_RUNTIME_DIR: join(home, 'run'),
    };
    const terminal = spawn(shell, args, { cols: 200, rows: 50, cwd: home, env });
    let screen = '';
    terminal.onData((text) => {
      screen += text;
    });
    const until = async (text: string) => {
      for (let waited = 0; !screen.includes(text) && waited < 20_000; waited += 50) await sleep(50);
      expect(screen).toContain(text);
    };
    try {
      terminal.write(`${setUp(join(scripts, name))}; ${TELL[name]}; echo is-re''ady\r`);
      await until('is-ready');
      await sleep(300);
      for (const keys of typed) {
        terminal.write(keys);
        // As a person does: a shell that gets all at once takes it for pasted.
        await sleep(700);
      }
      terminal.write('\r');
      await until(words);
    } finally {
      terminal.kill('SIGKILL');
    }
  });
});
