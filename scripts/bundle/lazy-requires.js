import { readFile } from 'node:fs/promises';

/** A top-level import as the TypeScript compiler writes it: `const name_1 = [__importX(]require("…")[)];` */
const IMPORT = /^(?:const|var) (\w+_\d+) = ((?:__import\w+\()?require\("[^"]+"\)\)?);$/gm;

/**
 * An esbuild plugin: modules that the TypeScript compiler made CommonJS load what they import at its first use.
 * @param {RegExp} filter paths of the modules.
 */
export function lazyRequires(filter) {
  return {
    name: 'lazy-requires',
    setup({ onLoad }) {
      onLoad({ filter }, async ({ path }) => ({
        contents: withLazyRequires(await readFile(path, 'utf8')),
        loader: 'js',
      }));
    },
  };
}

/** Each `const name = require(…)` becomes a function that remembers, and each use of the name a call of it. */
function withLazyRequires(text) {
  const imports = [...text.matchAll(IMPORT)].map(([, name, expression]) => ({ name, expression }));
  const loaders = imports.map(({ name, expression }) => `let $${name};const ${name}=()=>$${name}??=${expression};`);
  const body = imports.reduce(
    (code, { name }) => code.replaceAll(new RegExp(`(?<![.\\w$])${name}\\b`, 'g'), `(${name}())`),
    text.replaceAll(IMPORT, ''),
  );
  return `${loaders.join('')}${body}`;
}
