// Writes the pages of docs/ and man/ that follow from the code. A test fails where one of them is stale.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checksPage } from './checks-page.ts';
import { commandsPage } from './manual/commands-page.ts';
import { manPages } from './manual/man-pages.ts';
import { readCommands } from './manual/read-commands.ts';

const ROOT = join(import.meta.dirname, '..');

const commands = await readCommands();
writeFileSync(join(ROOT, 'docs/checks.md'), checksPage());
writeFileSync(join(ROOT, 'docs/commands.md'), commandsPage(commands));
rmSync(join(ROOT, 'man'), { recursive: true, force: true });
mkdirSync(join(ROOT, 'man'));
const pages = manPages(commands);
for (const [name, text] of pages) writeFileSync(join(ROOT, 'man', name), text);

// npm links the pages that are listed here, and those only, to where man looks for them.
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
manifest.man = [...pages.keys()].map((name) => `man/${name}`);
writeFileSync(join(ROOT, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
