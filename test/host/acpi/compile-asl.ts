import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Sources of tables; each that stands alone has what its devices say beside it, by the path that the kernel gives them. */
export const ASL = join(import.meta.dirname, 'asl');

/**
 * The table that iasl makes of a source below {@link ASL}.
 * Needs the package acpica-tools, and fails without it: a compiler's tables are the only ones that nobody made to fit.
 */
export function compileAsl(name: string): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'ghpass-asl-'));
  try {
    execFileSync('iasl', ['-ve', '-oa', '-p', join(directory, 'table'), join(ASL, `${name}.asl`)], { stdio: 'pipe' });
    return readFileSync(join(directory, 'table.aml'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
