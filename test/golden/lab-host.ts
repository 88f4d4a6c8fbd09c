import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ghpass } from '../cli/kit/ghpass.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

/** The hosts that the lab can play. */
export const LAB_HOSTS = readdirSync(join(REPOSITORY, 'lab/hosts')).map((file) => file.replace(/\.json$/, ''));

/** What `ghpass snapshot` is told of them. */
export const SYNTHETIC = 'captured in the lab: sizes are chosen, not those of a real board';

/** Commands that are run in the lab, and again on what was captured there, by the name of the file that has the answer. */
export const LAB_COMMANDS: Readonly<Record<string, string>> = {
  probe: 'probe --json',
  // How much memory is free is another number each time that it is read.
  doctor: 'doctor --no-open --skip mem.available --json',
};

/** Where a file of one host is. */
export function labGolden(host: string, file: string): string {
  return join(import.meta.dirname, 'lab', host, file);
}

/** The document, without what says that one host is live and the other is not. */
export function said({ status, stdout }: { status: number | null; stdout: string }): unknown {
  const document = JSON.parse(stdout);
  if (document.result?.host) document.result.host = null;
  return { exitStatus: status, document };
}

/** Runs a command on a captured host, and holds its answer against the file of that name. @returns the answer. */
export async function replay(host: string, archive: string, name: string): Promise<unknown> {
  const replayed = await ghpass([...(LAB_COMMANDS[name] ?? '').split(' '), '--host', archive]);
  expect(JSON.parse(replayed.stdout).result?.host.synthetic).toBe(SYNTHETIC);
  const made = `${JSON.stringify(said(replayed), null, 2)}\n`;
  const path = labGolden(host, `${name}.json`);
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, made);
  }
  expect(made).toBe(readFileSync(path, 'utf8'));
  return said(replayed);
}
