import type { ConsoleLine } from './line.ts';

/** A guest's console, whatever runs the guest. */
export interface GuestConsole {
  name: string;
  /** Who runs it, in the words of a message. */
  where: string;
  /** Everything that the guest wrote; null where that is out of reach, and the line is all there is. */
  log: string | null;
  /**
   * Takes the line.
   * @throws GhpassError `console.taken` where somebody else has it, who is no ghpass of this machine.
   */
  open(size: { columns: number; rows: number }): Promise<ConsoleLine>;
  isRunning(): Promise<boolean>;
  /** How often it is worth to ask that. */
  lookMs: number;
  /** What the lock of its keyboard is called. */
  subject: string;
}
