import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { DEVICE_CHECKS } from '../../src/checks/device/index.ts';
import { GhpassError } from '../../src/errors.ts';
import { guestCommand } from '../../src/guest/life/create.ts';
import { prepareGuest } from '../../src/guest/life/prepare.ts';
import { isPseriesHost, preparePseries, pseriesCommand } from '../../src/guest/pseries.ts';
import type { SyntheticHost } from '../../src/host/builtin/synthesize.ts';
import type { Host } from '../../src/host/host.ts';
import { type FileTree, memoryFiles } from '../../src/host/memory-files.ts';
import { openHost } from '../../src/host/open.ts';
import { capturedHost } from '../../src/host/snapshot/captured.ts';
import {
  DEFAULT_PLACEMENT,
  type GuestRequest,
  type PlacementRequest,
  requireHugePages,
  requireMemorySize,
} from '../../src/plan/request.ts';
import { jsonReady } from '../../src/ui/json-ready.ts';
import { gpuReport } from '../../src/ui/probe-report.ts';
import { shellCommand } from '../../src/ui/shell-quote.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import { type FileChanges, openMadeUp } from '../fixtures/grace-host.ts';

const HERE = import.meta.dirname;
const RUNTIME_DIRECTORY = '/run/ghpass';
const DIRECTORIES = { runtime: RUNTIME_DIRECTORY, guests: '/var/lib/ghpass/guests' };
const EXPECTED = ['probe.json', 'plan.json', 'argv.txt', 'refusal.json'];
const CASES = readdirSync(HERE).filter((name) => existsSync(join(HERE, name, 'request.json')));

interface Asked {
  gpus: string[];
  name: string;
  memory: string;
  vcpus: number;
  accelerator: GuestRequest['accelerator'];
  iommufd: boolean | null;
  open: boolean;
  disks: string[];
  /** Image of a seed. */
  seed?: string;
  /** As `--hugepages`, `--pin` and `--smmu` have it; the defaults where they are left out. */
  hugepages?: string;
  pin?: boolean;
  smmu?: PlacementRequest['smmu'];
  network?: GuestRequest['network'];
}

/** What a `host.ts` has: a Grace host, or the files of another. */
type MadeUp = { HOST: SyntheticHost; CHANGES?: FileChanges } | { TREE: FileTree };

describe.each(CASES)('%s', (name) => {
  const directory = join(HERE, name);

  test('gives what is beside it, and nothing else', async () => {
    const made = await outputs(await openCase(directory), readJson(join(directory, 'request.json')) as Asked);
    if (process.env.UPDATE_GOLDEN) update(directory, made);
    expect(Object.keys(made).toSorted()).toEqual(
      EXPECTED.filter((file) => existsSync(join(directory, file))).toSorted(),
    );
    for (const [file, text] of Object.entries(made)) {
      expect(text, `${name}/${file}`).toBe(readFileSync(join(directory, file), 'utf8'));
    }
  });
});

test('there are cases', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(10);
});

/** All that ghpass makes of a case: expected file → its content. */
async function outputs(host: Host, asked: Asked): Promise<Record<string, string>> {
  const { open } = asked;
  const { host: facts, gpus } = await collectGpus(host, asked.gpus, { open });
  const findings = gpus.flatMap((gpu) => assess(DEVICE_CHECKS, { host: facts, gpu, gpus }));
  const probe = json({ gpus: gpus.map((gpu) => gpuReport(gpu, findings)), findings });
  try {
    if (isPseriesHost(host)) {
      const prepared = await preparePseries(host, asked.gpus, requestOf(asked), { open, start: false });
      return {
        'probe.json': probe,
        'plan.json': json({ plan: jsonReady(prepared.plan), findings: prepared.findings }),
        'argv.txt': `${shellCommand(pseriesCommand(prepared, RUNTIME_DIRECTORY))}\n`,
      };
    }
    const prepared = await prepareGuest(host, asked.gpus, requestOf(asked), { open });
    return {
      'probe.json': probe,
      'plan.json': json({ plan: jsonReady(prepared.plan), findings: prepared.findings }),
      'argv.txt': `${shellCommand(guestCommand(prepared, DIRECTORIES))}\n`,
    };
  } catch (error) {
    if (!(error instanceof GhpassError)) throw error;
    const { kind, code, message, suggestions } = error;
    return { 'probe.json': probe, 'refusal.json': json({ kind, code, message, suggestions }) };
  }
}

function requestOf(asked: Asked): GuestRequest {
  const { name, memory, vcpus, accelerator, iommufd, disks, hugepages = 'none' } = asked;
  const { pin = DEFAULT_PLACEMENT.pin, smmu = DEFAULT_PLACEMENT.smmu } = asked;
  const placement = { hugePages: requireHugePages(hugepages), pin, smmu };
  const seed = asked.seed === undefined ? [] : [{ path: asked.seed, format: 'raw' as const, readOnly: true as const }];
  const images = [...disks.map((path) => ({ path, format: 'qcow2' as const })), ...seed];
  const network = asked.network ?? null;
  const boot = { kernel: null, initrd: null, append: null, disks: images };
  return { name, memoryBytes: requireMemorySize(memory), vcpus, accelerator, iommufd, boot, network, placement };
}

async function openCase(directory: string): Promise<Host> {
  const builtin = join(directory, 'host.json');
  if (existsSync(builtin)) return openHost((readJson(builtin) as { host: string }).host);
  const made = (await import(join(directory, 'host.ts'))) as MadeUp;
  if ('TREE' in made) return capturedHost('snapshot', 'made-up', memoryFiles(made.TREE));
  return openMadeUp(made.HOST, made.CHANGES);
}

function update(directory: string, made: Record<string, string>): void {
  for (const file of EXPECTED) rmSync(join(directory, file), { force: true });
  for (const [file, text] of Object.entries(made)) writeFileSync(join(directory, file), text);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
