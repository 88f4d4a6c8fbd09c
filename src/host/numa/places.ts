import type { HostFacts } from '../facts.ts';
import type { Host } from '../host.ts';
import { readRootPort } from '../pci/root-port.ts';
import { readSockets } from './sockets.ts';

/** Where on the board things are, which nothing but a picture of it needs. */
export interface Places {
  /** Node with CPUs → socket; without those that are not known. */
  sockets: ReadonlyMap<number, number>;
  /** GPU → the port of the root complex that it is behind; without those that are not known. */
  rootPorts: ReadonlyMap<string, string>;
}

/** @param facts what was read of the same host before. */
export function readPlaces({ files }: Host, { numa, coherentGpus }: HostFacts): Places {
  const ports = coherentGpus.flatMap(({ address }): [string, string][] => {
    const port = readRootPort(files, address);
    return port === null ? [] : [[address, port]];
  });
  return { sockets: readSockets(files, numa), rootPorts: new Map(ports) };
}
