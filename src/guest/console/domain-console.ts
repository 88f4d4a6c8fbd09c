import { accessSync, constants } from 'node:fs';
import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { readDomain } from '../../libvirt/read-domain.ts';
import { Virsh } from '../../libvirt/virsh.ts';
import { parseXml } from '../../libvirt/xml.ts';
import type { FindOptions } from '../life/find-guest.ts';
import type { GuestConsole } from './guest-console.ts';
import { notRunning } from './process-console.ts';
import { openVirshLine } from './virsh-line.ts';

/** The console of a domain of libvirt. */
export interface DomainConsole extends GuestConsole {
  /** Of the virsh that is its line. */
  virshArguments: readonly string[];
}

/** Each look is a virsh. */
const LOOK_MS = 2_000;

/**
 * The console of a domain. Its log can only be read where the domain is on this machine and keeps one.
 * @param options.escapeKey key that leaves it, as `^]`: virsh must not see another one.
 * @throws GhpassError `guest.not-running`, `guest.unknown`, `guest.no-console`, and those of `Virsh`.
 */
export async function domainConsole(
  name: string,
  { connect, signal, escapeKey }: Pick<FindOptions, 'connect' | 'signal'> & { escapeKey: string },
): Promise<DomainConsole> {
  const virsh = new Virsh(connect, { signal });
  const isRunning = async (by: Virsh) => !['shut off', 'crashed'].includes(await by.state(name));
  // Nobody waits for it, and what is told of waiting would be in the midst of what the guest writes.
  const onlooker = new Virsh(connect, { signal, onWait: () => undefined });
  const running = await isRunning(virsh).catch((error) => {
    throw error instanceof GhpassError && error.code === 'libvirt.no-domain' ? unknown(name, connect, error) : error;
  });
  if (!running) throw notRunning(name, null);
  const xml = await virsh.dumpXml(name, { inactive: false });
  const devices = parseXml(xml).root.find('devices');
  if (!devices?.find('console') && !devices?.find('serial')) throw noConsole(name, connect);
  const { consoleLog, uuid } = readDomain(xml);
  const virshArguments = await virsh.consoleArguments(name, { escapeKey });
  return {
    name,
    where: connect,
    log: consoleLog !== null && isOfThisMachine(connect) && canRead(consoleLog) ? consoleLog : null,
    open: (size) => openVirshLine(virshArguments, size),
    isRunning: () => isRunning(onlooker).catch(goneMeansEnded),
    lookMs: LOOK_MS,
    subject: `console-${uuid ?? name}`,
    virshArguments,
  };
}

/** A domain that was never defined is gone when it has ended. */
function goneMeansEnded(error: unknown): boolean {
  if (error instanceof GhpassError && error.code === 'libvirt.no-domain') return false;
  throw error;
}

/** A URI of another machine names it between the slashes. */
function isOfThisMachine(uri: string): boolean {
  return /^[^:]*:\/\/\//.test(uri);
}

function canRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function unknown(name: string, connect: string, cause: GhpassError): GhpassError {
  return new GhpassError('usage', {
    code: 'guest.unknown',
    message: `ghpass runs no guest named ${name}, and ${connect} has no domain of that name`,
    suggestions: cause.suggestions,
    cause,
  });
}

function noConsole(name: string, connect: string): GhpassError {
  return new GhpassError('check', {
    code: 'guest.no-console',
    message: `${name} has no serial console: its domain has neither <console> nor <serial>`,
    suggestions: [
      `virsh --connect=${shellWord(connect)} edit ${shellWord(name)}   # <console type='pty'/> in <devices>`,
    ],
  });
}
