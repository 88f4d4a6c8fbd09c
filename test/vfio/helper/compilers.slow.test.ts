import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { assemblyOf, compileHelper, isInstalled } from './compile.ts';
import { temporaryDirectory } from './temporary-directory.ts';

function directory(): string {
  const { path, remove } = temporaryDirectory();
  onTestFinished(remove);
  return path;
}

/** The machine of an ELF file, e_machine: 62 x86-64, 183 AArch64. */
function machineOf(executable: string): number {
  return readFileSync(executable).readUInt16LE(18);
}

describe('the helper, its sizes and numbers asserted, compiles without a warning', () => {
  for (const compiler of ['gcc', 'clang', 'aarch64-linux-gnu-gcc']) {
    test.skipIf(!isInstalled(compiler))(`with ${compiler}`, { timeout: 60_000 }, () => {
      const machine = machineOf(compileHelper(compiler, directory()));
      expect(machine).toBe(compiler.startsWith('aarch64') || process.arch === 'arm64' ? 183 : 62);
    });
  }

  /** memset and memcpy may use instructions that are not meant for write-combined memory, DC ZVA for one. */
  for (const compiler of ['gcc', 'clang', 'aarch64-linux-gnu-gcc']) {
    test.skipIf(!isInstalled(compiler))(
      `with ${compiler} into loops where it fills memory`,
      { timeout: 60_000 },
      () => {
        for (const level of ['-O2', '-O3'])
          expect(assemblyOf('pattern.c', compiler, level)).not.toMatch(/\bmem(set|cpy|move)\b/);
      },
    );
  }

  test.skipIf(!isInstalled('gcc'))("and gcc's analyzer finds nothing", { timeout: 120_000 }, () => {
    compileHelper('gcc', directory(), ['-O2', '-fanalyzer', '-Wshadow', '-Wconversion', '-Wstrict-prototypes']);
  });
});
