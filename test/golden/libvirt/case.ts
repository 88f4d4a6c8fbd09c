import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SyntheticHost } from '../../../src/host/builtin/synthesize.ts';
import type { Host } from '../../../src/host/host.ts';
import { openHost } from '../../../src/host/open.ts';
import { NEWEST_LIBVIRT } from '../../../src/host/programs/newest-tools.ts';
import { applyPlan, removeGpus } from '../../../src/libvirt/apply-plan.ts';
import { baseDomain } from '../../../src/libvirt/base-domain.ts';
import { FALLBACK, profileOf } from '../../../src/libvirt/profile.ts';
import { readDomain } from '../../../src/libvirt/read-domain.ts';
import {
  DEFAULT_PLACEMENT,
  type GuestRequest,
  requireHugePages,
  requireMemorySize,
} from '../../../src/plan/request.ts';
import { jsonReady } from '../../../src/ui/json-ready.ts';
import { type FileChanges, openMadeUp, TOOLS } from '../../fixtures/grace-host.ts';
import { type PlanOptions, planFacts } from '../../fixtures/plan.ts';

const HERE = import.meta.dirname;
const TEMPLATE = join(HERE, '../../../templates/domain.xml');
const CONSOLE_LOG = '/var/log/libvirt/qemu/demo.console.log';

/** The libvirt of each profile: the one that it was written for. */
export const SUITES = { native: 'sid', fallback: 'trixie' } as const;
const PROFILES = { native: profileOf(NEWEST_LIBVIRT), fallback: FALLBACK };

/** A guest that is made, or one of the corpus that gets GPUs, and loses them again where it says so. */
interface Asked {
  host: string;
  /** All of the host where it is empty. */
  gpus: string[];
  memory?: string;
  vcpus?: number;
  disks?: string[];
  /** Image of a seed. */
  seed?: string;
  network?: GuestRequest['network'];
  hugepages?: string;
  pin?: boolean;
  domain?: string;
  detach?: boolean;
}

/** Names of the cases. */
export const CASES: readonly string[] = readdirSync(HERE).filter((name) =>
  existsSync(join(HERE, name, 'request.json')),
);

/** What ghpass makes of a case: expected file → its content. */
export async function outputs(name: string): Promise<Record<'plan.json' | 'native.xml' | 'fallback.xml', string>> {
  const asked = JSON.parse(readFileSync(join(HERE, name, 'request.json'), 'utf8')) as Asked;
  const xml = asked.domain && readFileSync(join(HERE, `../../libvirt/corpus/${asked.domain}.xml`), 'utf8');
  const request = xml ? requestOfDomain(xml) : requestOf(asked);
  const { plan } = await planFacts(await openCase(asked.host), { request, addresses: asked.gpus });
  const base =
    xml || baseDomain(readFileSync(TEMPLATE, 'utf8'), plan, { uuid: null, consoleLog: CONSOLE_LOG, tools: TOOLS });
  const made = (profile: keyof typeof PROFILES) => {
    const applied = applyPlan(base, plan, PROFILES[profile]);
    return asked.detach ? removeGpus(applied) : applied;
  };
  const json = `${JSON.stringify(jsonReady(plan), null, 2)}\n`;
  return { 'plan.json': json, 'native.xml': made('native'), 'fallback.xml': made('fallback') };
}

function requestOfDomain(xml: string): NonNullable<PlanOptions['request']> {
  const domain = readDomain(xml);
  const { name, memoryBytes, vcpus } = domain;
  return { name, memoryBytes, vcpus, domain };
}

function requestOf({
  memory = '16G',
  vcpus = 4,
  disks = [],
  seed,
  network = null,
  hugepages = 'none',
  pin = false,
}: Asked) {
  const readOnly = seed === undefined ? [] : [{ path: seed, format: 'raw' as const, readOnly: true as const }];
  const images = [...disks.map((path) => ({ path, format: 'qcow2' as const })), ...readOnly];
  return {
    ...{ memoryBytes: requireMemorySize(memory), vcpus },
    boot: { kernel: null, initrd: null, append: null, disks: images },
    network,
    placement: { ...DEFAULT_PLACEMENT, hugePages: requireHugePages(hugepages), pin },
  };
}

/** A host that ships with ghpass, or that of another golden case. */
async function openCase(host: string): Promise<Host> {
  if (host.startsWith('builtin:')) return openHost(host);
  const made = (await import(join(HERE, host, 'host.ts'))) as { HOST: SyntheticHost; CHANGES?: FileChanges };
  return openMadeUp(made.HOST, made.CHANGES);
}
