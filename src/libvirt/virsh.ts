import { randomUUID } from 'node:crypto';
import { GhpassError } from '../errors.ts';
import { runVirsh, runVirshOnXml, SYSTEM_URI } from '../host/libvirt/run-virsh.ts';
import type { ToolOptions } from '../host/programs/run-tool.ts';
import { shellWord } from '../host/programs/shell-word.ts';
import { asData } from './as-data.ts';
import { shellWords } from './shell-words.ts';

/** States of a domain as `virsh domstate` names them (tools/virsh-domain-monitor.c). */
const STATES = ['no state', 'running', 'idle', 'paused', 'in shutdown', 'shut off', 'crashed', 'pmsuspended'] as const;
export type DomainState = (typeof STATES)[number];

export interface DomainEntry {
  name: string;
  uuid: string;
}

type Waiting = Pick<ToolOptions, 'deadlineMs' | 'env' | 'signal' | 'onWait'>;

/** Names that virsh can only take for names: an id is a number, and a UUID is 32 digits with hyphens anywhere. */
const PLAIN_NAME = /^[A-Za-z_][\w.-]*$/;

/**
 * A libvirt, through virsh. `env` marks a virsh that changes something, which may outlive its ghpass.
 * Every method throws the GhpassErrors of `runVirsh`: `libvirt.missing`, `libvirt.unreachable`,
 * `libvirt.permission`, `libvirt.timeout`, `libvirt.failed`; those that name a domain also `libvirt.no-domain`.
 */
export class Virsh {
  /** @param uri of the daemon, also of another host (`qemu+ssh://`). */
  constructor(
    readonly uri: string = SYSTEM_URI,
    private readonly options: Waiting = {},
  ) {}

  /**
   * Defines a domain, or takes the document for one that has the same UUID. Without the schema, libvirt would drop what it
   * does not know and say nothing.
   * @throws GhpassError `libvirt.invalid-xml`; `libvirt.domain-exists` where another domain has the name.
   */
  async define(xml: string, waiting: Waiting = {}): Promise<void> {
    const options = { ...this.options, ...waiting };
    await runVirshOnXml(this.uri, xml, (file) => ['define', `--file=${file}`, '--validate'], options);
  }

  /** @param inactive what the next start will be made from, where the domain runs. */
  async dumpXml(name: string, { inactive }: { inactive: boolean }): Promise<string> {
    // Without the flag a password of the console is left out, and would be lost when the document is defined again.
    return asData(await this.about(name, ['dumpxml', '--security-info', ...(inactive ? ['--inactive'] : [])]));
  }

  /** @param nvram whether the firmware's variables go, too; a domain that has some is not undefined without a word on them. */
  async undefine(name: string, { nvram }: { nvram: boolean }): Promise<void> {
    await this.about(name, ['undefine', nvram ? '--nvram' : '--keep-nvram']);
  }

  /** @throws GhpassError `libvirt.start-failed` with what QEMU said; `libvirt.domain-state` where it runs. */
  async start(name: string, waiting: Waiting = {}): Promise<void> {
    await this.about(name, ['start'], waiting);
  }

  /** Asks the guest to power off, and does not wait for it. */
  async shutdown(name: string): Promise<void> {
    await this.about(name, ['shutdown']);
  }

  /** Ends the guest as if its power were cut. */
  async destroy(name: string): Promise<void> {
    await this.about(name, ['destroy']);
  }

  async state(name: string): Promise<DomainState> {
    const text = (await this.about(name, ['domstate'])).trim();
    return STATES.find((state) => state === text) ?? 'no state';
  }

  /** All domains, running or not. */
  async list(): Promise<DomainEntry[]> {
    const lines = (await this.run(['list', '--all', '--uuid', '--name'])).split('\n');
    return lines.flatMap((line) => {
      const [, uuid, name] = /^([0-9a-f-]{36}) (.+)$/s.exec(line) ?? [];
      return uuid && name ? [{ uuid, name }] : [];
    });
  }

  /** Name of the domain with a UUID: people rename domains. @throws GhpassError `libvirt.no-domain`. */
  async nameOf(uuid: string): Promise<string> {
    const domain = (await this.list()).find((entry) => entry.uuid === uuid);
    if (domain) return domain.name;
    throw new GhpassError('usage', {
      code: 'libvirt.no-domain',
      message: `no domain at ${this.uri} has the UUID ${uuid}`,
      suggestions: [`virsh --connect=${shellWord(this.uri)} list --all --uuid --name`],
    });
  }

  async domainNames(): Promise<string[]> {
    return (await this.list()).map(({ name }) => name);
  }

  /** Whether a virtual network runs; null where there is none of that name. */
  async isNetworkActive(name: string): Promise<boolean | null> {
    const names = async (...which: string[]) =>
      (await this.run(['net-list', '--name', ...which])).split('\n').map((line) => line.trim());
    if ((await names()).includes(name)) return true;
    return (await names('--all')).includes(name) ? false : null;
  }

  /**
   * The command line that libvirt would start, program first. It is for comparison only: what libvirt opens for QEMU is
   * missing in it.
   * @throws GhpassError `libvirt.invalid-xml`.
   */
  async nativeArgv(xml: string): Promise<string[]> {
    const toNative = (file: string) => ['domxml-to-native', '--format=qemu-argv', `--xml=${file}`];
    const words = shellWords(await runVirshOnXml(this.uri, xml, toNative, this.options));
    return words.slice(words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word)));
  }

  /**
   * Gives commands of the guest agent to a domain, one after the other, by one virsh: starting it takes longer than they do.
   * @param commands as JSON.
   * @returns what each printed; null where it failed, which only the words on standard error explain.
   */
  async agentCommands(name: string, commands: readonly string[], timeoutSeconds: number): Promise<(string | null)[]> {
    const domain = await this.identify(name);
    const mark = randomUUID();
    const parts = commands.map(
      (command) =>
        `qemu-agent-command --domain=${domain} --timeout=${timeoutSeconds} --cmd='${command.replaceAll("'", '\\u0027')}'; echo ${mark}`,
    );
    const output = await this.run([parts.join('; ')]);
    return output
      .split(mark)
      .slice(0, commands.length)
      .map((answer) => answer.trim() || null);
  }

  /** As {@link agentCommands}, of one. @throws GhpassError `libvirt.failed` with libvirt's words where it fails. */
  agentCommand(name: string, command: string, timeoutSeconds: number): Promise<string> {
    return this.about(name, ['qemu-agent-command', `--timeout=${timeoutSeconds}`, `--cmd=${command}`]);
  }

  /**
   * The arguments with which virsh is a domain's console.
   * @param options.escapeKey that leaves it, as `^]`.
   */
  async consoleArguments(name: string, { escapeKey }: { escapeKey: string }): Promise<string[]> {
    const domain = `--domain=${await this.identify(name)}`;
    return [`--connect=${this.uri}`, '--quiet', `--escape=${escapeKey}`, 'console', domain];
  }

  private async about(name: string, [command = '', ...options]: readonly string[], waiting: Waiting = {}) {
    return this.run([command, `--domain=${await this.identify(name)}`, ...options], waiting);
  }

  /** virsh takes what could be an id or a UUID for that, whatever the domains are called. */
  private async identify(name: string): Promise<string> {
    if (PLAIN_NAME.test(name) && !isUuid(name)) return name;
    const domain = (await this.list()).find((entry) => entry.name === name);
    if (domain) return domain.uuid;
    throw new GhpassError('usage', {
      code: 'libvirt.no-domain',
      message: `no domain at ${this.uri} is called ${JSON.stringify(name)}`,
      suggestions: [`virsh --connect=${shellWord(this.uri)} list --all`],
    });
  }

  private run(args: readonly string[], waiting: Waiting = {}): Promise<string> {
    return runVirsh(this.uri, args, { ...this.options, ...waiting });
  }
}

function isUuid(name: string): boolean {
  return /^[0-9a-f]{32}$/i.test(name.replaceAll('-', ''));
}
