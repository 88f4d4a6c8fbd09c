const { readFileSync } = require('node:fs');
const { createRequire, wrap } = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const bundlePath = join(__dirname, '../dist/main.cjs');

exports.bundlePath = bundlePath;

/** What V8 compiled of the bundle, as scripts/code-cache.js kept it: good for one version of Node on one architecture. */
exports.codeCachePath = join(__dirname, `../dist/main.${process.version}-${process.arch}.cache`);

/** Loads the bundle as `require` would, with what V8 kept of it, if it did. V8 refuses what does not fit, and compiles. */
exports.loadBundle = () => {
  const script = new Script(wrap(readFileSync(bundlePath, 'utf8')), {
    filename: bundlePath,
    cachedData: readCodeCache(),
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(bundlePath), module, bundlePath, dirname(bundlePath));
  return { script, exports: module.exports };
};

function readCodeCache() {
  try {
    return readFileSync(exports.codeCachePath);
  } catch {
    return undefined;
  }
}
