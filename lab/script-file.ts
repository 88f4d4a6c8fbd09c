import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { LabError } from './error.ts';

/** The text of a script: of the file, or of stdin where the name is `-`. */
export async function readScript(name: string): Promise<string> {
  if (name === '-') return text(process.stdin);
  return readFile(name, 'utf8').catch((cause) => {
    throw new LabError(`cannot read the script ${name}: ${cause.message}`, [], { cause });
  });
}
