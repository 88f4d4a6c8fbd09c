// How fast memory validation is on ordinary memory: the loops of the helper beside plain loops, which take turns over the
// same memory in one process, and beside stressapptest in between.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const HELPER = join(import.meta.dirname, '../src/vfio/helper');
const SOURCES = join(import.meta.dirname, 'memory');

/** What of the helper is measured, compiled as scripts/build-helper.js does. */
const MEASURED = ['pattern.c', 'sweep.c', 'bus-error.c', 'system.c'].map((name) => join(HELPER, name));
const FLAGS = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-pthread', `-I${HELPER}`, `-I${SOURCES}`];

const GIB = 2 ** 30;
const MIB = 2 ** 20;
/** What stressapptest gets for one run, of which it spends a part filling and checking its memory outside of what it counts. */
const STRESS_SECONDS = 5;

function main() {
  const { values } = parseArgs({
    options: {
      mib: { type: 'string', default: '1024' },
      threads: { type: 'string', default: `${cpus().length}` },
      runs: { type: 'string', default: '9' },
      json: { type: 'string' },
    },
  });
  const [mib, threads, runs] = [values.mib, values.threads, values.runs].map(requireCount);

  const directory = mkdtempSync(join(tmpdir(), 'ghpass-bench-'));
  try {
    const program = compile(directory);
    const results = summarize(measure(program, directory, { mib, threads, runs }), mib);
    process.stdout.write(table(results));
    if (values.json)
      writeFileSync(values.json, `${JSON.stringify({ ...environment(), mib, threads, runs, results }, null, 2)}\n`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function requireCount(text) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`${text}: not a number above 0`);
}

/** The plain loops get all that the compiler can do for them, the loops of the helper what they get when it is installed. */
function compile(directory) {
  const program = join(directory, 'memory-bench');
  const streaming = join(directory, 'streaming.o');
  const cc = (...args) => execFileSync(process.env.CC || 'cc', [...FLAGS, ...args], { stdio: ['ignore', 2, 2] });
  cc('-O3', '-c', join(SOURCES, 'streaming.c'), '-o', streaming);
  cc('-O2', join(SOURCES, 'main.c'), ...MEASURED, streaming, '-o', program);
  return program;
}

/** @returns the seconds of each run, and the MiB/s that stressapptest told behind each; those are null without it. */
function measure(program, directory, { mib, threads, runs }) {
  const hasStress = !spawnSync('stressapptest', ['--version']).error;
  if (!hasStress)
    process.stderr.write('stressapptest is not installed, so it is not compared with: apt-get install stressapptest\n');
  return Array.from({ length: runs }, () => ({
    // Two in a row: each of the two ways is the first one once.
    pairs: execFileSync(program, [mib, threads, 2].map(String), { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    stress: hasStress ? stressRate(directory, mib, threads) : null,
  }));
}

/** stressapptest copies pages and takes their checksums on the way; what it counts is bytes read and bytes written. */
function stressRate(directory, mib, threads) {
  const args = ['-M', `${mib}`, '-m', `${threads}`, '-s', `${STRESS_SECONDS}`, '-l', join(directory, 'stress.log')];
  const { status, stdout } = spawnSync('stressapptest', args, { encoding: 'utf8' });
  const rate = /Stats: Memory Copy: \S+M at (\S+)MB\/s/.exec(stdout)?.[1];
  if (status !== 0 || rate === undefined) throw new Error(`stressapptest ended with status ${status}: ${stdout}`);
  return Number(rate);
}

const WAYS = [
  ['plain', 'write', 'plain loop, write'],
  ['validation', 'write', 'validation, write'],
  ['plain', 'read', 'plain loop, read'],
  ['validation', 'read', 'validation, verify'],
];

/** GiB/s, median and best, and as multiples of the plain loop: the median of the runs' own ratios, where each has its peer. */
function summarize(measured, mib) {
  const runs = measured.flatMap(({ pairs }) => pairs);
  const rows = WAYS.map(([way, operation, name]) => {
    const rates = runs.map((run) => (mib * MIB) / GIB / run[way][operation]);
    const ratios = runs.map((run) => run.plain[operation] / run[way][operation]);
    return { name, ...figures(rates), toPlain: round(median(ratios), 2) };
  });
  const both = (run, way) => (2 * mib * MIB) / GIB / (run[way].write + run[way].read);
  rows.push({ name: 'plain loops, both', ...figures(runs.map((run) => both(run, 'plain'))), toPlain: 1 });
  rows.push({
    name: 'validation, both',
    ...figures(runs.map((run) => both(run, 'validation'))),
    toPlain: round(median(runs.map((run) => both(run, 'validation') / both(run, 'plain'))), 2),
  });
  const stress = measured.flatMap((run) => (run.stress === null ? [] : [(run.stress * MIB) / GIB]));
  if (stress.length > 0) {
    const toPlain = round(median(stress) / median(runs.map((run) => both(run, 'plain'))), 2);
    rows.push({ name: 'stressapptest', ...figures(stress), toPlain });
  }
  return rows;
}

function figures(rates) {
  return { medianGiBs: round(median(rates), 2), bestGiBs: round(Math.max(...rates), 2) };
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
  const head = ['', 'median GiB/s', 'best GiB/s', '/ plain loop'];
  const rows = results.map(({ name, medianGiBs, bestGiBs, toPlain }) => [
    name,
    medianGiBs.toFixed(2),
    bestGiBs.toFixed(2),
    toPlain.toFixed(2),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return `${[head, ...rows].map(line).join('\n')}\n`;
}

function environment() {
  return { arch: process.arch, cpu: cpus()[0]?.model ?? null, cpus: cpus().length };
}

main();
