import { open } from 'node:fs/promises';

const INTERVAL_MS = 100;

/** A reader that hands on what another process appends to a file. */
export interface Follower {
  /** Hands on what is left, and ends. */
  stop(): Promise<void>;
}

/** Follows a file that exists and only grows. */
export function followFile(file: string, onData: (data: Buffer) => void): Follower {
  let offset = 0;
  let reading = Promise.resolve();
  const readOn = async () => {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      if (size <= offset) return;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - offset), 0, size - offset, offset);
      offset += bytesRead;
      onData(buffer.subarray(0, bytesRead));
    } finally {
      await handle.close();
    }
  };
  const schedule = () => {
    reading = reading.then(readOn);
    return reading;
  };
  const timer = setInterval(() => void schedule(), INTERVAL_MS);
  return {
    stop() {
      clearInterval(timer);
      return schedule();
    },
  };
}
