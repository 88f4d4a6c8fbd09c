import type { Host } from '../../host/host.ts';
import { isNvgrace } from '../../host/pci/modules-alias.ts';
import type { GpuFacts } from '../../vfio/gpu.ts';
import { bindToNvgrace } from '../binding/binding.ts';
import { OFFLINE_WAIT_MS, requireFree } from '../binding/require-free.ts';
import { Journal } from '../journal/journal.ts';
import { whileLocked } from '../journal/lock.ts';
import { guestJournal } from '../journal/subjects.ts';
import { refuseAbandoned } from '../journal/taken.ts';
import { putBack } from '../undo/put-back.ts';
import { selectGpus } from './select-gpus.ts';

interface BindOptions {
  addresses: readonly string[];
  /** Without it nothing is bound: binding is asked for explicitly. */
  bind: boolean;
  /** libvirt is about to take them from their drivers by itself, and would not ask who uses them. */
  managed?: boolean | undefined;
  /** Name of the guest that the GPUs are for. */
  guest: string;
  /** What becomes of the bindings when the action has succeeded; after a failure they are always undone. */
  afterwards: 'give-back' | 'keep';
  /** Who asks, for the journal. */
  command: string;
  directories: { journal: string };
  progress(line: string): void;
}

/**
 * Does something with GPUs that nobody else works on meanwhile, and that are bound to the variant driver. GPUs that already
 * were are left as they are.
 */
export async function withBoundGpus<T>(host: Host, options: BindOptions, action: () => Promise<T>): Promise<T> {
  const { gpus } = await selectGpus(host, options.addresses, { open: false });
  const addresses = gpus.map(({ pci }) => pci.address);
  return whileLocked(options.directories.journal, addresses, options.command, async () => {
    if (options.bind) return whileBound(host, addresses, options, action);
    if (options.managed) await requireAllFree(host, addresses, options);
    return action();
  });
}

/** @returns those that are not bound to the variant driver, which nobody may use. */
async function requireAllFree(
  host: Host,
  addresses: readonly string[],
  { directories, progress }: BindOptions,
): Promise<GpuFacts[]> {
  const { gpus } = await selectGpus(host, addresses, { open: false });
  for (const address of addresses) refuseAbandoned(directories.journal, address);
  const unbound = gpus.filter(({ pci }) => !isNvgrace(pci.driver));
  const free = { waitMs: OFFLINE_WAIT_MS, alsoBound: addresses, progress };
  for (const gpu of unbound) await requireFree(host.files, gpu, free);
  return unbound;
}

async function whileBound<T>(
  host: Host,
  addresses: readonly string[],
  options: BindOptions,
  action: () => Promise<T>,
): Promise<T> {
  const { directories, command, guest, progress } = options;
  const unbound = await requireAllFree(host, addresses, options);
  const journals: Journal[] = [];
  let result: T;
  try {
    for (const { pci } of unbound) {
      const journal = Journal.open(directories.journal, pci.address, command, guestJournal(guest));
      journals.unshift(journal);
      progress(`binding ${pci.address} to the variant driver`);
      await bindToNvgrace(pci.address, { journal, progress });
    }
    result = await action();
  } catch (error) {
    throw await putBack(journals, error, { progress });
  }
  if (options.afterwards === 'keep') {
    for (const journal of journals) journal.keep();
    return result;
  }
  const failed = await putBack(journals, null, { progress });
  if (failed) throw failed;
  return result;
}
