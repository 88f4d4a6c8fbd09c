import { ROOT_JOURNALS } from '../../host/leftovers.ts';
import { about, type DeviceCheck } from './facts.ts';

export const undoPartial: DeviceCheck = {
  id: 'undo.partial',
  severity: 'warn',
  title: 'No killed ghpass has left the GPU half done',
  looksAt: 'journals of ghpass in its state directory',
  reference: 'the journal of ghpass',
  observe(facts) {
    const { address } = facts.gpu.pci;
    const { leftovers } = facts.host;
    if (leftovers === null) return { notKnown: `${ROOT_JOURNALS} may only be read by root` };
    const leftover = leftovers.find(({ subject }) => subject === address);
    if (!leftover) return [];
    return about(
      facts,
      `${leftover.command} (process ${leftover.pid}) ended without putting it back: ${ROOT_JOURNALS}/${address}.jsonl`,
      'ghpass recover',
    );
  },
};
