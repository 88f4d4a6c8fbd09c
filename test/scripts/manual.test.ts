import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@oclif/core/command';
import { parse } from '@oclif/core/parser';
import { describe, expect, test } from 'vitest';
import { commandsPage } from '../../scripts/manual/commands-page.ts';
import { manPages } from '../../scripts/manual/man-pages.ts';
import { readCommands } from '../../scripts/manual/read-commands.ts';
import { shellWords } from '../../src/libvirt/shell-words.ts';
import { Flags } from '../../src/ui/oclif.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAN = join(ROOT, 'man');
const COMMANDS = await readCommands();
const PAGES = [...manPages(COMMANDS)];

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

describe('the manual is what `npm run docs` writes', () => {
  test('docs/commands.md', () => {
    expect(readFileSync(join(ROOT, 'docs/commands.md'), 'utf8')).toBe(commandsPage(COMMANDS));
  });

  test('man/, and the list of it that npm goes by', () => {
    const { man } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(man).toEqual(PAGES.map(([name]) => `man/${name}`));
    expect(readdirSync(MAN).sort()).toEqual(PAGES.map(([name]) => name).sort());
    for (const [name, text] of PAGES) expect(readFileSync(join(MAN, name), 'utf8'), name).toBe(text);
  });
});

describe('all pages', () => {
  const files = PAGES.map(([name]) => join(MAN, name));

  // What is not installed, or in no index, is not for a page to mend.
  test.skipIf(!has('mandoc'))('have nothing that mandoc finds fault with', () => {
    const { stdout } = spawnSync('mandoc', ['-T', 'lint', ...files], { encoding: 'utf8' });
    const faults = stdout.split('\n').filter((line) => line !== '' && !line.includes('referenced manual not found'));
    expect(faults).toEqual([]);
  });

  test.skipIf(!has('man'))('have nothing that man warns of, 60 columns wide', () => {
    const env = { ...process.env, MANWIDTH: '60', LC_ALL: 'C.UTF-8' };
    const run = spawnSync('man', ['--warnings', '--local-file', ...files], { encoding: 'utf8', env });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout.match(/^NAME$/gm)).toHaveLength(PAGES.length);
  });
});

describe.each(PAGES)('%s', (_, text) => {
  test('is ASCII, with lines that are not too long', () => {
    expect(text).toMatch(/^[ -~\n]+$/);
    const long = text.split('\n').filter((line) => line.length > 80 && !/^[.$]/.test(line));
    expect(long).toEqual([]);
  });
});

describe.each(COMMANDS)('ghpass $id', ({ id, summary, examples, flags, args }) => {
  test('has a summary, examples, and a word on each argument and flag', () => {
    expect(summary).toMatch(/^[A-Z].*\.$/);
    expect(examples.length).toBeGreaterThan(0);
    for (const one of [...flags, ...args]) expect(one.description, one.name).not.toBe('');
  });

  test('has examples that parse', async () => {
    for (const example of examples) {
      // As the shell would: the part of ghpass, without what others do with it.
      const own = example.slice(example.indexOf('ghpass ')).replace(/(?: +[#|>]|\)).*$/, '');
      const [program, name, ...argv] = shellWords(own.replaceAll('"', "'"));
      expect(program).toBe('ghpass');
      await expect(parse(argv, await inputOf(name ?? '')), example).resolves.toBeDefined();
    }
    expect(examples.some((example) => example.includes(`ghpass ${id}`))).toBe(true);
  });
});

/** What oclif's parser takes of a command. */
async function inputOf(name: string) {
  const command = (await import(join(ROOT, `src/commands/${name}.ts`))).default as Command.Class;
  const { args = {}, flags = {}, baseFlags = {}, strict } = command;
  return { args, flags: { json: Flags.boolean(), ...baseFlags, ...flags }, strict };
}
