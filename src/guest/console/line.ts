/** The way to the other end of a guest's serial line, which one viewer has at a time. */
export interface ConsoleLine {
  type(keys: Uint8Array): void;
  /** Tells the other end of the size of the viewer's screen, as far as there is a way. */
  resize(columns: number, rows: number): void;
  /** What the guest writes from now on. The line may wait for the listener, and must not where the guest would wait, too. */
  onOutput(listener: (bytes: Uint8Array) => Promise<void>): void;
  /** Settles when the line is cut; rejects with a GhpassError where the other end said why. */
  ended: Promise<void>;
  close(): void;
}
