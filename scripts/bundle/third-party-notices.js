import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Licences that ask for no more than their text, and a NOTICE file, in a copy. Another one is a decision to take first. */
const LICENSES = ['Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

/** For packages that name it without a copy: its text has no variants but the line of the copyright. */
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/**
 * The licence texts of packages whose code is in a bundle.
 * @param {string} root directory of the package that was bundled.
 * @param {string[]} inputs the files that went in, from there.
 * @throws Error where a package has another licence, or no text of it.
 */
export function thirdPartyNotices(root, inputs) {
  const directories = new Set(inputs.map((path) => packageOf(dirname(resolve(root, path)))));
  directories.delete(root);
  const notices = [...directories].sort().map(notice);
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return `${['The files in this directory contain code of these packages.', ...notices].join(rule)}\n`;
}

/** A package.json without a name only tells a directory's type of modules. */
function packageOf(directory) {
  const file = join(directory, 'package.json');
  const isPackage = existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name !== undefined;
  return isPackage ? directory : packageOf(dirname(directory));
}

function notice(directory) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (!LICENSES.includes(license)) throw new Error(`${name} ${version}: licence ${license} is none of ${LICENSES}`);
  const files = readdirSync(directory).sort();
  const texts = files.filter((file) => /^licen[cs]e([.-]|$)/i.test(file));
  if (texts.length === 0 && license !== 'MIT') throw new Error(`${name} ${version}: no licence text in ${directory}`);
  texts.push(...files.filter((file) => /^notice(\.|$)/i.test(file)));
  const contents = texts.map((file) => readFileSync(join(directory, file), 'utf8').trim());
  if (texts.length === 0) contents.push(`Copyright (c) ${author?.name ?? author}\n\n${MIT}`);
  return [`${name} ${version} (${license})`, ...contents].join('\n\n');
}
