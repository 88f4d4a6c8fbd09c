import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OURS = join(import.meta.dirname, 'ink');
const REPLACED = ['output', 'measure-text', 'wrap-text', 'widest-line'];
const INK = dirname(fileURLToPath(import.meta.resolve('ink')));

/**
 * An esbuild plugin that fits ink to a screen of whole rows which is drawn every second for weeks: the files in ink/ take the
 * place of what ink imports by the same names. Ink compares, lays out, writes and reads keys as ever.
 */
export const inkRows = {
  name: 'ink-rows',
  setup({ onResolve, onLoad, onEnd, resolve }) {
    const missing = new Set(REPLACED);
    onResolve({ filter: new RegExp(`^(\\./)?(${REPLACED.join('|')})(\\.js)?$`) }, ({ path, importer }) => {
      if (dirname(importer) !== INK) return undefined;
      const name = basename(path, '.js');
      missing.delete(name);
      return { path: join(OURS, `${name}.js`) };
    });
    // The packages that ours imports are those of ink.
    onResolve({ filter: /^[^.]/ }, ({ path, importer, kind }) =>
      dirname(importer) === OURS ? resolve(path, { resolveDir: INK, kind }) : undefined,
    );
    onEnd(() => {
      if (missing.size > 0) throw new Error(`ink does not import ${[...missing].join(', ')} any more`);
    });
    // Looks for React's developer tools.
    onLoad({ filter: /\/ink\/build\/devtools\.js$/ }, () => ({ contents: '' }));
    // Whether there is a screen was decided before; ink would draw none on a terminal where CI is set.
    onLoad({ filter: /\/is-in-ci\/index\.js$/ }, () => ({ contents: 'export default false;' }));
  },
};
