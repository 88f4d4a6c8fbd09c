import { GhpassError } from '../../errors.ts';
import { runTool } from './run-tool.ts';
import { SMMU_PROPERTIES } from './smmu-properties.ts';

/** A QEMU binary, and what it can do: asked of the binary, because vendor builds differ from their version. */
export interface QemuFacts {
  binary: string;
  version: [number, number, number];
  /** Version of the distribution's or vendor's build; empty where there is none. */
  package: string;
  /** `acpi-generic-initiator` objects: without them there is no node for the coherent memory. */
  genericInitiator: boolean;
  /** `-machine virt,highmem-mmio-size=`: without it the window is 512 GiB. */
  highmemMmioSize: boolean;
  /** `iommufd` objects. */
  iommufd: boolean;
  /** Properties of `arm-smmuv3`, of those that an SMMU in front of one bus is told. */
  smmuProperties: string[];
}

export const QEMU_BINARY = 'qemu-system-aarch64';

/** Questions put to a QEMU without a machine, by the id of their answer. */
const QUESTIONS = {
  version: { execute: 'query-version' },
  genericInitiator: { execute: 'qom-list-types', arguments: { implements: 'acpi-generic-initiator' } },
  iommufd: { execute: 'qom-list-types', arguments: { implements: 'iommufd' } },
  machines: { execute: 'query-machines' },
  smmu: { execute: 'device-list-properties', arguments: { typename: 'arm-smmuv3' } },
} as const;

interface QmpReply {
  id?: string;
  return?: unknown;
}

interface QmpVersion {
  qemu: { major: number; minor: number; micro: number };
  package: string;
}

interface QmpMachine {
  name: string;
  alias?: string;
}

/**
 * Asks a QEMU binary over QMP on its standard streams.
 * @returns null where the binary is not on PATH.
 * @throws GhpassError `qemu.no-answer` where it starts and does not answer.
 */
export async function askQemu(binary: string = QEMU_BINARY): Promise<QemuFacts | null> {
  let first: Map<string, unknown>;
  try {
    first = await ask(binary, QUESTIONS);
  } catch (error) {
    if (error instanceof GhpassError && error.code === 'tool.missing') return null;
    throw error;
  }
  const version = first.get('version') as QmpVersion;
  const machines = (first.get('machines') ?? []) as QmpMachine[];
  const virt = machines.find(({ name, alias }) => name === 'virt' || alias === 'virt')?.name ?? 'virt';
  const second = await ask(binary, {
    properties: { execute: 'qom-list-properties', arguments: { typename: `${virt}-machine` } },
  });
  return {
    binary,
    version: [version.qemu.major, version.qemu.minor, version.qemu.micro],
    package: version.package,
    genericInitiator: isNonEmpty(first.get('genericInitiator')),
    highmemMmioSize: namesOf(second.get('properties')).includes('highmem-mmio-size'),
    iommufd: isNonEmpty(first.get('iommufd')),
    smmuProperties: namesOf(first.get('smmu')).filter((name) => SMMU_PROPERTIES.includes(name)),
  };
}

/**
 * Puts all questions on standard input at once; QEMU answers them in order and ends with `quit`. What does not fit the pipe
 * by then is lost, so a missing answer is an error and not a no.
 */
async function ask(binary: string, questions: Record<string, object>): Promise<Map<string, unknown>> {
  const commands = [
    { execute: 'qmp_capabilities' },
    ...Object.entries(questions).map(([id, question]) => ({ ...question, id })),
    { execute: 'quit' },
  ];
  const run = await runTool(
    binary,
    ['-M', 'none', '-S', '-nodefaults', '-no-user-config', '-display', 'none', '-qmp', 'stdio'],
    { input: `${commands.map((command) => JSON.stringify(command)).join('\n')}\n` },
  );
  const replies = run.stdout.split('\n').flatMap((line) => parseReply(line) ?? []);
  const answers = new Map(replies.flatMap(({ id, return: value }) => (id === undefined ? [] : [[id, value]])));
  if (Object.keys(questions).every((id) => answers.has(id))) return answers;
  throw new GhpassError('tool', {
    code: 'qemu.no-answer',
    message: `${binary} did not answer over QMP (status ${run.status}): ${run.stderr.split('\n')[0] ?? ''}`,
    suggestions: [`${binary} --version`],
  });
}

function parseReply(line: string): QmpReply | null {
  try {
    return JSON.parse(line) as QmpReply;
  } catch {
    return null;
  }
}

/** @returns nothing where QEMU does not know whose names were asked for. */
function namesOf(properties: unknown): string[] {
  return Array.isArray(properties) ? (properties as { name: string }[]).map(({ name }) => name) : [];
}

function isNonEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}
