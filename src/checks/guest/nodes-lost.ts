import { ofMessage, type RunningGuestCheck } from './facts.ts';

export const guestNodesLost: RunningGuestCheck = {
  id: 'guest.nodes-lost',
  severity: 'fail',
  title: 'The guest’s kernel took all proximity domains',
  looksAt: 'the log of the guest’s kernel',
  reference: 'drivers/acpi/numa/srat.c, "Too many proximity domains"',
  observe: (facts) =>
    ofMessage(facts, 'Too many proximity domains', 'nodes of a GPU are missing', [
      'boot the guest with a kernel that has CONFIG_NODES_SHIFT=6',
      'give the guest fewer GPUs',
    ]),
};
