import type { Host } from '../host/host.ts';
import { NVGRACE_DRIVER } from '../host/modules-alias.ts';
import { bindToNvgrace } from './binding.ts';
import { Journal } from './journal.ts';
import { selectGpus } from './select-gpus.ts';
import { undo } from './undo.ts';

interface BindOptions {
  addresses: readonly string[];
  /** Without it nothing is bound: binding is asked for explicitly. */
  bind: boolean;
  /** What becomes of the bindings when the action has succeeded; after a failure they are always undone. */
  afterwards: 'give-back' | 'keep';
  /** Who asks, for the journal. */
  command: string;
  directories: { journal: string };
  progress(line: string): void;
}

/** Does something with GPUs that are bound to the variant driver. GPUs that already were are left as they are. */
export async function withBoundGpus<T>(host: Host, options: BindOptions, action: () => Promise<T>): Promise<T> {
  if (!options.bind) return action();
  const journals: Journal[] = [];
  let isToBeKept = false;
  try {
    for (const address of await unboundGpus(host, options.addresses)) {
      const journal = Journal.open(options.directories.journal, address, options.command);
      journals.push(journal);
      options.progress(`binding ${address} to the variant driver`);
      await bindToNvgrace(address, journal);
    }
    const result = await action();
    isToBeKept = options.afterwards === 'keep';
    return result;
  } finally {
    for (const journal of journals.reverse()) {
      if (isToBeKept) journal.keep();
      else {
        await undo(journal.changes());
        journal.close();
      }
    }
  }
}

async function unboundGpus(host: Host, addresses: readonly string[]): Promise<string[]> {
  const { gpus } = await selectGpus(host, addresses, { open: false });
  return gpus.filter(({ pci }) => pci.driver !== NVGRACE_DRIVER).map(({ pci }) => pci.address);
}
