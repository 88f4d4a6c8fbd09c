import type { GpuDescription, HostDescription } from '../host-description.ts';
import type { Nvdimm } from './device-memory.ts';
import { acpiPath } from './pci-slots.ts';

/** The UUID that says "this package has properties" (ACPI 6.5, 6.2.5; _DSD Device Properties UUID). */
const DEVICE_PROPERTIES = 'daffd814-6eba-4d8c-8a91-bc9bbf4aa301';

/**
 * The firmware of a Grace board in ASL: a table that adds `_DSD` to the GPUs, which the DSDT has already. Undefined where
 * no GPU has a property.
 */
export function ssdtSource(host: HostDescription, nvdimms: readonly Nvdimm[]): string | undefined {
  const scopes = host.gpus.flatMap((gpu, index) => {
    const properties = propertiesOf(gpu, nvdimms[index]);
    return properties.length === 0 ? [] : [scopeSource(acpiPath(gpu, index), properties)];
  });
  if (scopes.length === 0) return undefined;
  return `DefinitionBlock ("", "SSDT", 2, "GHLAB", "GHGPUS", 1)\n{\n${scopes.join('\n')}}\n`;
}

function propertiesOf(gpu: GpuDescription, nvdimm: Nvdimm | undefined): [string, bigint][] {
  const base: [string, bigint] = ['nvidia,gpu-mem-base-pa', gpu.memoryBase ?? nvdimm?.base ?? 0n];
  const size: [string, bigint] = ['nvidia,gpu-mem-size', gpu.memorySizeBytes];
  if (gpu.properties === 'none') return [];
  return gpu.properties === 'sizeMissing' ? [base] : [base, size];
}

function scopeSource(path: string, properties: readonly [string, bigint][]): string {
  const packages = properties.map(([name, value]) => `        Package () { "${name}", 0x${value.toString(16)} }`);
  return `  External (${path}, DeviceObj)
  Scope (${path})
  {
    Name (_DSD, Package ()
    {
      ToUUID ("${DEVICE_PROPERTIES}"),
      Package ()
      {
${packages.join(',\n')}
      }
    })
  }
`;
}
