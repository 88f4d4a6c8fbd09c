import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { GPU, type GraceHost } from './grace-host.ts';

/** Everything of the GPU and of guests that ghpass could have changed. */
export function stateOf(host: GraceHost) {
  const namesIn = (path: string) => (existsSync(host.path(path)) ? readdirSync(host.path(path)) : []);
  const override = readFileSync(host.path(`/sys/bus/pci/devices/${GPU}/driver_override`), 'utf8');
  return {
    driver: host.driver(),
    override: override.replace('(null)', '').trim(),
    module: existsSync(host.path('/sys/bus/pci/drivers/nvgrace_gpu_vfio_pci')),
    journals: namesIn('/var/lib/ghpass/journal'),
    guests: namesIn('/run/ghpass'),
    definitions: namesIn('/var/lib/ghpass/guests'),
    temporary: namesIn('/tmp'),
  };
}

/** A host on which the GPU has no driver, and which ghpass never touched. */
export const UNTOUCHED = {
  driver: null,
  override: '',
  module: false,
  journals: [],
  guests: [],
  definitions: [],
  temporary: [],
};
