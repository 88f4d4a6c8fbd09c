// How long whole processes take from start to exit: ghpass beside Node, and beside virt-install, which prints a domain for
// the same guest. All of them take turns in one run, so that a busy machine is as busy for each.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const GHPASS = [process.execPath, join(import.meta.dirname, '../bin/run.js')];
const HOST = ['--host', 'builtin:gh200'];

const NODE = 'node -e 0';
const VIRT_INSTALL = 'virt-install --print-xml';
/** A domain beside a domain. */
const DOMAIN = 'ghpass create-vm, dry run, xml';

/** The guest of the dry run, as far as a host without the GPU lets virt-install describe it; libvirt's test driver answers. */
const VIRT_INSTALL_GUEST =
  '--connect test:///default --name demo --memory 16384 --vcpus 4 --import --disk none --network none --graphics none --osinfo generic';

const CASES = new Map([
  [NODE, [process.execPath, '-e', '0']],
  ['ghpass --version', [...GHPASS, '--version']],
  ['ghpass probe --json', [...GHPASS, 'probe', ...HOST, '--json']],
  ['ghpass create-vm, dry run', [...GHPASS, 'create-vm', 'demo', ...HOST, '--dry-run', '--emit', 'argv']],
  [DOMAIN, [...GHPASS, 'create-vm', 'demo', ...HOST, ...'--backend libvirt --dry-run --emit xml'.split(' ')]],
  [VIRT_INSTALL, ['virt-install', '--print-xml', ...VIRT_INSTALL_GUEST.split(' ')]],
]);

function main() {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '15' }, json: { type: 'string' } } });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: not a number of runs`);

  const cases = new Map(CASES);
  if (spawnSync('virt-install', ['--version']).error) {
    cases.delete(VIRT_INSTALL);
    process.stderr.write('virt-install is not installed, so nothing is compared with it: apt-get install virtinst\n');
  }
  const results = summarize(measure(cases, runs));
  process.stdout.write(table(results));
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ ...environment(), runs, results }, null, 2)}\n`);
}

/** @returns the milliseconds of each run, by the name of the case. */
function measure(cases, runs) {
  const times = new Map([...cases.keys()].map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const [name, command] of cases) times.get(name).push(timeOf(command));
  }
  return times;
}

function timeOf([command, ...args]) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} ended with status ${status}: ${stderr}`);
  return milliseconds;
}

/** Median and best of each case, and both as multiples of what they are compared with; the best is what the load spared. */
function summarize(times) {
  const figures = new Map([...times].map(([name, list]) => [name, { median: median(list), best: Math.min(...list) }]));
  const ratio = ({ median, best }, other) =>
    other ? { median: round(median / other.median, 2), best: round(best / other.best, 2) } : null;
  return [...figures].map(([name, figure]) => ({
    name,
    medianMs: round(figure.median, 1),
    bestMs: round(figure.best, 1),
    toNode: ratio(figure, figures.get(NODE)),
    toVirtInstall: ratio(figure, figures.get(VIRT_INSTALL)),
  }));
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}

function table(results) {
  const cells = (ratio) => (ratio ? [ratio.median.toFixed(2), ratio.best.toFixed(2)] : ['-', '-']);
  const rows = results.map(({ name, medianMs, bestMs, toNode, toVirtInstall }) => [
    name,
    medianMs.toFixed(1),
    bestMs.toFixed(1),
    ...cells(toNode),
    ...cells(toVirtInstall),
  ]);
  const head = ['', 'median ms', 'best ms', '/ node', 'best', '/ virt-install', 'best'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return `${[head, ...rows].map(line).join('\n')}\n`;
}

function environment() {
  return { node: process.version, arch: process.arch, cpu: cpus()[0]?.model ?? null, cpus: cpus().length };
}

main();
