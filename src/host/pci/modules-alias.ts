import type { HostFiles } from '../files.ts';
import { readText } from '../files.ts';

/** The variant driver's module as modules.alias spells it, and its sysfs directory (both with underscores). */
export const NVGRACE_DRIVER = 'nvgrace_gpu_vfio_pci';

/**
 * What the driver's sysfs directory may be called: Linux up to 7.3 registers the first, the module's own name has dashes, and
 * other variant drivers are called as their modules are. The one that exists counts: an override with the other spelling is
 * accepted, and nothing binds (kubernetes-sigs/dra-driver-nvidia-gpu#1268).
 */
export const NVGRACE_SPELLINGS: readonly string[] = [NVGRACE_DRIVER, 'nvgrace-gpu-vfio-pci'];

/** Whether a sysfs driver name is that of the variant driver. */
export function isNvgrace(driver: string | null): boolean {
  return driver !== null && NVGRACE_SPELLINGS.includes(driver);
}

/** Which variant driver takes which device: the `vfio_pci:` lines of modules.alias, in the kernel's words. */
export interface VfioAlias {
  pattern: string;
  module: string;
}

/**
 * The `vfio_pci:` aliases of the running kernel's modules.
 * @returns null where modules.alias is absent, so that "no driver for this id" and "not known" stay apart.
 */
export function readVfioAliases(files: HostFiles, release: string | null): VfioAlias[] | null {
  const text = release && readText(files, `/lib/modules/${release}/modules.alias`);
  if (!text) return null;
  return [...text.matchAll(/^alias vfio_pci:(\S+) (\S+)$/gm)].map(([, pattern = '', module = '']) => ({
    pattern,
    module: module.replaceAll('-', '_'),
  }));
}

/**
 * The variant driver that the kernel lists for a device: among the aliases that match, the one with the fewest wildcards
 * (the rule of libvirt ≥ 10.0, src/util/virpci.c).
 * @param modalias the device's own, `pci:v000010DEd…`.
 */
export function findVariantDriver(aliases: readonly VfioAlias[], modalias: string): string | null {
  const id = modalias.replace(/^pci:/, '');
  const wildcards = (pattern: string) => pattern.split('*').length;
  const matching = aliases
    .filter(({ pattern }) => matches(pattern, id))
    .sort((a, b) => wildcards(a.pattern) - wildcards(b.pattern));
  return matching[0]?.module ?? null;
}

/**
 * A pattern's parts between `*`, one after the other, each as early as it comes: no other way of matching finds more. A
 * regular expression would try them all, which takes years for the patterns of a hostile file.
 */
function matches(pattern: string, id: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return pattern === id;
  if (!id.startsWith(first)) return false;
  let position = first.length;
  for (const part of others) {
    const start = id.indexOf(part, position);
    if (start < 0) return false;
    position = start + part.length;
  }
  return id.length - position >= last.length && id.endsWith(last);
}
