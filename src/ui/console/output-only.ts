import type { Leave, Viewer } from '../../guest/console/viewer.ts';

/** Standard output without a terminal, or without keys: all of a console goes there, until nobody reads it any more. */
export function outputOnly(tell: (line: string) => void): Viewer {
  const { stdout } = process;
  const left = new Promise<Leave>((resolve) => {
    stdout.on('error', () => resolve('gone'));
  });
  return {
    rows: null,
    columns: null,
    leaveKey: null,
    left,
    async show(bytes) {
      if (!stdout.write(bytes)) await Promise.race([left, new Promise((resolve) => stdout.once('drain', resolve))]);
    },
    tell,
    onKeys: () => undefined,
    onResize: () => undefined,
    lend: (action) => action(),
  };
}
