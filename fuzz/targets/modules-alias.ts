import { memoryFiles } from '../../src/host/memory-files.ts';
import { findVariantDriver, readVfioAliases } from '../../src/host/pci/modules-alias.ts';
import type { FuzzTarget } from '../target.ts';

const RELEASE = '6.17.0';

/** A modules.alias, and behind its last line the modalias of a device: both come with a snapshot. */
export const target: FuzzTarget = {
  name: 'modules-alias',
  sources: ['host/pci/modules-alias.ts'],
  form: 'bytes',
  maxBytes: 4096,
  words: ['alias vfio_pci:', '*', '*a', ' nvgrace_gpu_vfio_pci\n'],
  seeds: () =>
    [
      `alias vfio_pci:v000010DEd00002342sv*sd*bc*sc*i* nvgrace-gpu-vfio-pci\npci:${MODALIAS}`,
      `alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\nalias pci:v000010DEd*sv*sd*bc03sc02i00* nvidia\npci:${MODALIAS}`,
    ].map((text) => Buffer.from(text)),
  run(input) {
    const text = Buffer.from(input).toString('latin1');
    const lines = text.lastIndexOf('\n') + 1;
    const files = memoryFiles({
      files: { [`/lib/modules/${RELEASE}/modules.alias`]: text.slice(0, lines) },
      links: {},
    });
    findVariantDriver(readVfioAliases(files, RELEASE) ?? [], text.slice(lines));
  },
};

const MODALIAS = 'v000010DEd00002342sv000010DEsd000016EBbc03sc02i00';
