import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';

/** Sets variables of this process's environment until the test is over; undefined takes one away. */
export function withEnvironment(changes: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(changes)) {
    const before = process.env[name];
    const set = (to: string | undefined) => {
      if (to === undefined) delete process.env[name];
      else process.env[name] = to;
    };
    set(value);
    onTestFinished(() => set(before));
  }
}

/** A `virsh` that comes first on PATH and writes down what it is called with. */
export interface FakeVirsh {
  /** Arguments of each call. */
  calls(): string[][];
}

const END = '<end>';

/** @param script what the program does, in POSIX shell: `$*` is what it was called with. */
export function fakeVirsh(script: string): FakeVirsh {
  const directory = temporaryDirectory();
  const log = join(directory, 'calls');
  const program = join(directory, 'virsh');
  // One write for each call, because several run at a time.
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\0' "$@" '${END}' >> ${log}\n${script}\n`);
  chmodSync(program, 0o755);
  withEnvironment({ PATH: `${directory}:${process.env.PATH}` });
  return {
    calls() {
      const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
      return text.split(`\0${END}\0`).flatMap((line) => (line === '' ? [] : [line.split('\0')]));
    },
  };
}
