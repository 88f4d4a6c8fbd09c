import { commandLine } from './command-line.ts';
import { hostName } from './host-name.ts';
import { macAddresses } from './mac-addresses.ts';
import { mounts } from './mounts.ts';
import type { LeaveOutRule } from './rule.ts';
import { serialNumbers } from './serial-numbers.ts';
import { uuids } from './uuids.ts';

/** What a snapshot does without unless `--full` asks for it. */
export const LEAVE_OUT_RULES: readonly LeaveOutRule[] = [
  serialNumbers,
  macAddresses,
  commandLine,
  mounts,
  uuids,
  hostName,
];
