/** Why a viewer does not look at a console any more. */
export type Leave = 'detached' | 'gone';

/** Whoever looks at a console. */
export interface Viewer {
  /** Lines of its screen; null where it has none, and no keys either. */
  rows: number | null;
  columns: number | null;
  /** The key with which it leaves; null where there are no keys. */
  leaveKey: string | null;
  /** Shows what the guest wrote. Settles when there is room for more. */
  show(bytes: Uint8Array): Promise<void>;
  /** Says one line of ghpass's own. */
  tell(line: string): void;
  /** Sends what is typed from now on to somebody else than before. */
  onKeys(listener: (keys: Uint8Array) => void): void;
  onResize(listener: (columns: number, rows: number) => void): void;
  /** Lets a program have the screen and the keys as long as it runs. */
  lend<T>(action: () => Promise<T>): Promise<T>;
  /** Settles when it wants to leave (`detached`), or is there no more (`gone`). */
  left: Promise<Leave>;
}
