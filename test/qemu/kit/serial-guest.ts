/** Ctrl-A makes the guest count, and stop. */
export const COUNT = '\x01';
/** Ctrl-D makes it power itself off. */
export const POWER_OFF = '\x04';

/** In the memory of the machine `virt`, behind the device tree that QEMU puts at its beginning (hw/arm/virt.c). */
const CODE_START = 0x4020_0000;
const INSTRUCTION_BYTES = 4;

/**
 * A guest without an operating system, which runs as soon as QEMU does: it echoes on the PL011 of the machine `virt` what it
 * is sent there, byte by byte, and counts lines as fast as it can when it is told to.
 */
const PROGRAM: readonly (readonly [instruction: number, source: string])[] = [
  [0xd2a12001, 'movz x1, #0x0900, lsl #16'],
  [0x52800e02, 'mov w2, #0x70'],
  [0xb9002c22, 'str w2, [x1, #0x2c]'],
  [0x52806022, 'mov w2, #0x301'],
  [0xb9003022, 'str w2, [x1, #0x30]'],
  [0x52800003, 'mov w3, #0'],
  [0x52800004, 'mov w4, #0'],
  [0xb9401822, 'loop: ldr w2, [x1, #0x18]'],
  [0x37200162, 'tbnz w2, #4, nokey'],
  [0xb9400020, 'ldr w0, [x1]'],
  [0x12001c00, 'and w0, w0, #0xff'],
  [0x7100101f, 'cmp w0, #4'],
  [0x54000380, 'b.eq off'],
  [0x7100041f, 'cmp w0, #1'],
  [0x54000060, 'b.eq toggle'],
  [0x94000015, 'bl put'],
  [0x17fffff7, 'b loop'],
  [0x52000063, 'toggle: eor w3, w3, #1'],
  [0x17fffff5, 'b loop'],
  [0x34fffe83, 'nokey: cbz w3, loop'],
  [0x52800405, 'mov w5, #32'],
  [0x510010a5, 'digit: sub w5, w5, #4'],
  [0x1ac52480, 'lsr w0, w4, w5'],
  [0x12000c00, 'and w0, w0, #15'],
  [0x1100c000, 'add w0, w0, #48'],
  [0x7100e41f, 'cmp w0, #57'],
  [0x54000049, 'b.ls show'],
  [0x11009c00, 'add w0, w0, #39'],
  [0x94000008, 'show: bl put'],
  [0x35ffff05, 'cbnz w5, digit'],
  [0x528001a0, 'mov w0, #13'],
  [0x94000005, 'bl put'],
  [0x52800140, 'mov w0, #10'],
  [0x94000003, 'bl put'],
  [0x11000484, 'add w4, w4, #1'],
  [0x17ffffe4, 'b loop'],
  [0xb9401822, 'put: ldr w2, [x1, #0x18]'],
  [0x372fffe2, 'tbnz w2, #5, put'],
  [0xb9000020, 'str w0, [x1]'],
  [0xd65f03c0, 'ret'],
  [0x52b08000, 'off: movz w0, #0x8400, lsl #16'],
  [0x72800100, 'movk w0, #8'],
  [0xd4000002, 'hvc #0'],
];

/** Arguments of QEMU for it, but for those of its console. */
export function serialGuest(): string[] {
  const code = PROGRAM.flatMap(([instruction], i) => [
    '-device',
    `loader,addr=${CODE_START + INSTRUCTION_BYTES * i},data=${instruction},data-len=${INSTRUCTION_BYTES}`,
  ]);
  return [
    ...['-machine', 'virt,accel=tcg', '-cpu', 'max', '-m', '64M', '-nodefaults', '-no-user-config', '-display', 'none'],
    ...[...code, '-device', `loader,addr=${CODE_START},cpu-num=0`],
  ];
}
