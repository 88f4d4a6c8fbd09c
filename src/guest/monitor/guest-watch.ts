/** Watches one guest. */
export interface GuestWatch {
  /** Called once a second, for all that nothing tells of. */
  tick(): void;
  close(): void;
}
