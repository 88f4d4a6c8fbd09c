#!/usr/bin/env node
// CommonJS (see package.json beside): Node would load its ES module loader for nothing else.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`ghpass needs Node 20.19 or newer; this is ${process.version}\n`);
  process.exit(2);
}
const { loadBundle } = require('./bundle.js');
loadBundle().exports.main();
