import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { renderArgv } from '../../src/qemu/argv/argv.ts';
import fc from '../fixtures/fast-check.ts';
import { hostileName } from '../fixtures/hostile-text.ts';
import { planFor } from '../guest/plan-for.ts';
import { findQemu } from '../qemu/kit/qemu-binary.ts';
import { askMachine } from '../qemu/kit/qmp-once.ts';

/** The first run may have to fetch and unpack a QEMU. */
const FETCH_MS = 600_000;
/** One QEMU opens them all. */
const MANY = 100;

test(
  'QEMU opens the files that were named, whatever commas, equal signs and quotes they have',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ghpass,=names-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const names = new Set(['a,b.img', 'format=qcow2,,x', `it's "c" ü.img`, ...fc.sample(hostileName, MANY)]);
    const disks = [...names].map((name) => join(directory, name));
    for (const path of disks) writeFileSync(path, Buffer.alloc(512));

    const plan = await planFor(1);
    const boot = { ...plan.boot, disks: disks.map((path) => ({ path, format: 'raw' as const })) };
    const files = [
      'variables',
      'qmpSocket',
      'eventsSocket',
      'agentSocket',
      'consoleSocket',
      'consoleLog',
      'pidFile',
    ] as const;
    const paths = Object.fromEntries(files.map((name) => [name, join(directory, name)])) as Record<
      (typeof files)[number],
      string
    >;
    const argv = renderArgv({ ...plan, boot }, paths);
    const drives = argv.flatMap((word, i) => (word.startsWith('node-name=disk') ? [argv[i - 1] ?? '', word] : []));
    const sockets = argv.flatMap((word, i) => (word === '-chardev' ? [word, argv[i + 1] ?? ''] : []));

    const questions = [{ execute: 'query-named-block-nodes' }, { execute: 'query-chardev' }];
    const [blocks, chardevs] = (await askMachine(
      await findQemu(),
      ['-M', 'none', ...drives, ...sockets],
      questions,
    )) as [{ 'node-name': string; file: string; drv: string }[], { filename: string }[]];
    const opened = blocks
      .filter(({ drv }) => drv === 'file')
      .sort((a, b) => numberOf(a['node-name']) - numberOf(b['node-name']));
    expect(opened.map(({ file }) => file)).toEqual(disks);
    const listening = chardevs.map(({ filename }) => filename).join('\n');
    for (const path of [paths.consoleSocket, paths.agentSocket]) expect(listening).toContain(path);
  },
  FETCH_MS,
);

function numberOf(node: string): number {
  return Number(/\d+/.exec(node)?.[0]);
}
