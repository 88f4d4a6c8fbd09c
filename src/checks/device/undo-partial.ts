import { ROOT_JOURNALS } from '../../host/leftovers.ts';
import { about, type DeviceCheck } from './facts.ts';

export const undoPartial: DeviceCheck = {
  id: 'undo.partial',
  severity: 'warn',
  title: 'No killed ghpass has left the GPU half done',
  reference: 'the journal of ghpass',
  observe(facts) {
    const { address } = facts.gpu.pci;
    const leftover = facts.host.leftovers?.find(({ subject }) => subject === address);
    if (!leftover) return [];
    return about(
      facts,
      `${leftover.command} (process ${leftover.pid}) ended without putting it back: ${ROOT_JOURNALS}/${address}.jsonl`,
      'ghpass recover',
    );
  },
};
