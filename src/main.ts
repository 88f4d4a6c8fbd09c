import { execute } from '@oclif/core';

/** Runs the command line. @param launcher URL of the file that was started, next to which oclif finds the package. */
export async function main(launcher: string): Promise<void> {
  await execute({ dir: launcher });
}
