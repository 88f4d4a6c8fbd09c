/** arm64's default of CONFIG_NODES_SHIFT (arch/arm64/Kconfig), which Debian's kernels keep. */
const DEFAULT_SHIFT = 4;

/**
 * How many NUMA nodes a kernel can hold.
 * @param config the kernel's build options; null where they are not known, and then arm64's default is meant.
 */
export function nodeLimit(config: ReadonlyMap<string, string> | null): number {
  return 2 ** Number(config?.get('NODES_SHIFT') ?? DEFAULT_SHIFT);
}
