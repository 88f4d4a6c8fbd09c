import { GhpassError } from '../errors.ts';
import { collectHost } from '../host/facts.ts';
import type { Host } from '../host/host.ts';
import { tryLibvirt } from '../host/libvirt/libvirt-answer.ts';
import { readPlaces } from '../host/numa/places.ts';
import { readHostSettings } from '../host/settings.ts';
import type { Collector } from '../host/snapshot/capture.ts';
import { collectGpus } from '../vfio/collect.ts';

/** Everything that a command reads of a host. A reader that is not here reads nothing from a snapshot. */
export const COLLECTORS: readonly Collector[] = [
  collectAllGpus,
  async (host) => readHostSettings(host, collectHost(host)),
  async (host) => readPlaces(host, collectHost(host)),
  async (host) => host.askTools(),
  async (host) => tryLibvirt(host),
];

/**
 * What `probe` reads. Where it finds no GPU or gives up, it has read what it takes to do so again: a snapshot of such a host is
 * the one that is needed most.
 */
async function collectAllGpus(host: Host, options: { open: boolean }): Promise<void> {
  try {
    await collectGpus(host, [], options);
  } catch (error) {
    if (!(error instanceof GhpassError) || error.kind === 'interrupted') throw error;
  }
}
