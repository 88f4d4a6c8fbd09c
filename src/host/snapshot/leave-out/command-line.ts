import { type LeaveOutRule, mapTexts } from './rule.ts';

const COMMAND_LINE = '/proc/cmdline';
const PLACEHOLDER = 'left-out';

/** Options whose values ghpass looks at, or that say how memory, PCI, IOMMU and VFIO were set up: nobody keeps a secret there. */
const KEPT_NAMES = new Set([
  'acpi',
  'cma',
  'crashkernel',
  'default_hugepagesz',
  'efi',
  'hugepages',
  'hugepagesz',
  'init_on_alloc',
  'init_on_free',
  'isolcpus',
  'kernelcore',
  'mem',
  'memmap',
  'mitigations',
  'movablecore',
  'movable_node',
  'nohz_full',
  'numa_balancing',
  'nr_cpus',
  'maxcpus',
  'pci',
  'pcie_acs_override',
  'pcie_aspm',
  'pcie_ports',
  'rcu_nocbs',
  'transparent_hugepage',
]);
/** The same of modules: `iommu.passthrough`, `vfio_iommu_type1.dma_entry_limit`. */
const KEPT_MODULES =
  /^(acpi|arm[-_]smmu[-_]v3|arm[-_]smmu|iommu|kvm|kvm[-_]arm|memory[-_]hotplug|numa|nvgrace[-_]\w+|nvidia|pci|pcie[-_]\w+|vfio([-_]\w+)?)\./;
/** `quiet`, `ro`, `nokaslr`: too short and too plain for a secret. */
const PLAIN_WORD = /^[a-z_]{1,16}$/;

/**
 * Values on the kernel's command line: tokens, keys, addresses of servers, UUIDs. Names of options stay; what is behind `--` is
 * for init, and has no names.
 */
export const commandLine: LeaveOutRule = {
  id: 'command-line-values',
  title: "values on the kernel's command line",
  apply: (tree) => mapTexts(tree, (text, path) => (path === COMMAND_LINE ? withoutValues(text) : text)),
};

function withoutValues(line: string): string {
  // As the kernel splits it: double quotes keep blanks together (lib/cmdline.c, next_arg).
  const words: string[] = line.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
  const end = words.indexOf('--');
  const options = end < 0 ? words : words.slice(0, end);
  const forInit = end < 0 ? [] : ['--', ...words.slice(end + 1).map(() => PLACEHOLDER)];
  return `${[...options.map(withoutValue), ...forInit].join(' ')}\n`;
}

function withoutValue(word: string): string {
  const equals = word.indexOf('=');
  if (equals < 0) return PLAIN_WORD.test(word) || isKept(word) ? word : PLACEHOLDER;
  const name = word.slice(0, equals);
  if (isKept(name)) return word;
  return /^[\w.-]{1,64}$/.test(name) ? `${name}=${PLACEHOLDER}` : PLACEHOLDER;
}

function isKept(name: string): boolean {
  return KEPT_NAMES.has(name) || KEPT_MODULES.test(name);
}
