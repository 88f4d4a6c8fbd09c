/**
 * The value of an argument on the kernel's command line; the last one counts, as for the kernel.
 * @returns an empty text for an argument without a value, null where it is not there.
 */
export function kernelArgument(commandLine: string, name: string): string | null {
  const words = commandLine.split(/\s+/);
  const last = words.findLast((word) => word === name || word.startsWith(`${name}=`));
  return last === undefined ? null : last.slice(name.length + 1);
}
