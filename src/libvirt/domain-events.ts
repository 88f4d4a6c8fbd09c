import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { eachLine } from './each-line.ts';

/** An event as `virsh event` prints it. */
export interface DomainEvent {
  domain: string;
  /** `lifecycle`, `reboot`, `io-error`, … */
  name: string;
  /** What libvirt says beside: `Suspended Paused`; empty for an event that has no more. */
  detail: string;
}

const EVENT = /^\S+ \S+: event '([\w-]+)' for domain '(.*)$/;

/**
 * Reads one line of `virsh event --all --timestamp` (tools/virsh-domain-event.c). Names of domains may hold anything but a
 * line feed, so that only who knows them can tell where they end.
 * @returns null for a line that is about none of them.
 */
export function parseDomainEvent(line: string, domains: readonly string[]): DomainEvent | null {
  const [, name, rest] = EVENT.exec(line) ?? [];
  if (name === undefined || rest === undefined) return null;
  const domain = domains.find((known) => rest === `${known}'` || rest.startsWith(`${known}': `));
  return domain === undefined ? null : { domain, name, detail: rest.slice(domain.length + "': ".length) };
}

/** Reads what `virsh event` prints, as it comes. */
export function readDomainEvents(
  stream: Readable,
  domains: readonly string[],
  onEvent: (event: DomainEvent) => void,
): void {
  eachLine(stream, (line) => {
    const event = parseDomainEvent(line, domains);
    if (event) onEvent(event);
  });
}

/**
 * As a shell script, so that no virsh is left when ghpass is killed: it ends with its standard input. A virsh on PATH may be a script that runs
 * the real one, so the signal is for the whole group.
 */
const WITH_US = '"$@" & exec > /dev/null; cat; kill 0';

/**
 * Listens to the events of all domains of a libvirt, until it goes or `stop` is called.
 * @returns `stop`.
 */
export function listenToDomains(
  uri: string,
  domains: readonly string[],
  { onEvent, onEnd }: { onEvent(event: DomainEvent): void; onEnd(): void },
): () => void {
  const virsh = ['virsh', `--connect=${uri}`, 'event', '--all', '--loop', '--timestamp'];
  const child = spawn('sh', ['-c', WITH_US, 'sh', ...virsh], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    env: { ...process.env, LC_ALL: 'C' },
  });
  child.stdin.on('error', () => undefined);
  child.on('error', onEnd);
  readDomainEvents(child.stdout, domains, onEvent);
  child.stdout.once('close', () => {
    child.stdin.end();
    onEnd();
  });
  return () => {
    child.stdin.end();
    child.stdout.destroy();
  };
}
