import { guestBusMaster } from './bus-master.ts';
import { guestDriverVersion } from './driver-version.ts';
import type { RunningGuestCheck } from './facts.ts';
import { guestMemoryAddress } from './memory-address.ts';
import { guestMemoryOnline } from './memory-online.ts';
import { guestNodeUnresolved } from './node-unresolved.ts';
import { guestNodesLost } from './nodes-lost.ts';

/** What `verify` looks for in a running guest, beside what it compares. */
export const RUNNING_GUEST_CHECKS: readonly RunningGuestCheck[] = [
  guestNodesLost,
  guestNodeUnresolved,
  guestMemoryAddress,
  guestDriverVersion,
  guestBusMaster,
  guestMemoryOnline,
];
