import { closeSync, copyFileSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';

const QCOW2 = 'QFI\u00fb';

/**
 * Gives a guest its own copy of the firmware's variables, where it has none yet.
 * @throws GhpassError `firmware.changed` where it has one that another firmware made: QEMU maps code and variables side by side, so
 * format and, of a raw image, size have to be those of the template.
 */
export function ensureVariables(path: string, { variablesTemplate, code }: GuestPlan['firmware']): void {
  if (!existsSync(path)) {
    copyFileSync(variablesTemplate, path);
    return;
  }
  const present = shapeOf(path);
  const wanted = shapeOf(variablesTemplate);
  if (present === wanted) return;
  throw new GhpassError('check', {
    code: 'firmware.changed',
    message: `${path} is ${present}, and the firmware of this host (${code}) takes ${wanted}: another firmware made it`,
    suggestions: [
      `mv ${shellWord(path)} ${shellWord(`${path}.old`)}   # the guest starts with the firmware's defaults: its boot entries are found anew`,
    ],
  });
}

function shapeOf(path: string): string {
  const magic = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readSync(file, magic, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  return magic.toString('latin1') === QCOW2 ? 'qcow2' : `raw with ${statSync(path).size} bytes`;
}
