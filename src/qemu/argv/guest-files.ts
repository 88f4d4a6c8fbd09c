/** Files of one guest that QEMU makes or uses beside what the plan names. */
export interface GuestFiles {
  /** The guest's own copy of the firmware's variables. */
  variables: string;
  qmpSocket: string;
  /** A second one, for whoever stays connected to hear of events: each takes one client at a time. */
  eventsSocket: string;
  /** Where the guest agent of the guest answers. */
  agentSocket: string;
  consoleSocket: string;
  /** Everything that the guest wrote to its console. */
  consoleLog: string;
  pidFile: string;
}
