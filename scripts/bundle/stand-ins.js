/** In place of packages that oclif loads at every start, for nothing that ghpass needs: what they export. */
const STAND_INS = {
  // Tells oclif's own developers what it does. The real one loads node:tty and node:net to print nothing.
  debug: 'module.exports = () => () => {};',
  // Says whether this is Windows. The real one loads node:child_process; a GPU is given to a guest on Linux proper only.
  'wsl-utils': 'exports.isWsl = false;',
};

/** An esbuild plugin. */
export const standIns = {
  name: 'stand-ins',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${Object.keys(STAND_INS).join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'stand-in' }));
    onLoad({ filter: /.*/, namespace: 'stand-in' }, ({ path }) => ({ contents: STAND_INS[path], loader: 'js' }));
  },
};
