/** `e_machine` of executables (elf.h). */
export const AARCH64 = 183;
export const X86_64 = 62;
/** Types of program headers: a part of the program, and the path of a dynamic loader. */
export const PT_LOAD = 1;
export const PT_INTERP = 3;

/** The headers of a 64-bit executable, with one program header: all that is looked at before it would be run. */
export function executable(machine: number, programHeader: number): Buffer {
  const elf = Buffer.alloc(64 + 56);
  elf.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  elf.writeUInt16LE(machine, 18);
  elf.writeBigUInt64LE(64n, 32);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(1, 56);
  elf.writeUInt32LE(programHeader, 64);
  return elf;
}

/** What is taken for a busybox that a guest without libraries can run. */
export function staticExecutable(): Buffer {
  return executable(AARCH64, PT_LOAD);
}
