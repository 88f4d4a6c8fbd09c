import type { Qtest } from './qtest.ts';

/** The DMA register of fw_cfg on the arm `virt` machine (hw/arm/virt.c: base 0x9020000; docs/specs/fw_cfg.rst: + 16). */
const DMA_REGISTER = 0x9020010n;

/** Guest memory that nothing uses while the processors stand still: RAM begins at 1 GiB, with the device tree at its start. */
const SCRATCH = 0x40200000n;
const DESCRIPTOR_BYTES = 16;

const DIRECTORY_KEY = 0x19;
const DIRECTORY_ENTRY_BYTES = 64;

const CONTROL_ERROR = 0x01;
const CONTROL_READ = 0x02;
const CONTROL_SELECT = 0x08;

/** One file that QEMU offers to the firmware. */
export interface FwCfgFile {
  readonly name: string;
  readonly key: number;
  readonly sizeBytes: number;
}

/** Lists the files (docs/specs/fw_cfg.rst, "File Directory"). */
export async function listFwCfgFiles(qtest: Qtest): Promise<FwCfgFile[]> {
  const count = (await readItem(qtest, DIRECTORY_KEY, 4)).readUInt32BE(0);
  const directory = await readItem(qtest, DIRECTORY_KEY, 4 + count * DIRECTORY_ENTRY_BYTES);
  return Array.from({ length: count }, (_, i) => {
    const entry = directory.subarray(4 + i * DIRECTORY_ENTRY_BYTES);
    return {
      sizeBytes: entry.readUInt32BE(0),
      key: entry.readUInt16BE(4),
      name: entry.toString('latin1', 8, entry.indexOf(0, 8)),
    };
  });
}

/** Reads one file, or gives undefined where QEMU offers none of that name. */
export async function readFwCfgFile(qtest: Qtest, name: string): Promise<Buffer | undefined> {
  const file = (await listFwCfgFiles(qtest)).find((candidate) => candidate.name === name);
  return file && readItem(qtest, file.key, file.sizeBytes);
}

/**
 * Has fw_cfg copy an item into guest memory and takes it from there: three commands, where reading the data register takes
 * one for every eight bytes. Descriptor and register are big endian.
 */
async function readItem(qtest: Qtest, key: number, sizeBytes: number): Promise<Buffer> {
  const target = SCRATCH + BigInt(DESCRIPTOR_BYTES);
  const descriptor = Buffer.alloc(DESCRIPTOR_BYTES);
  descriptor.writeUInt32BE(key * 0x10000 + CONTROL_SELECT + CONTROL_READ, 0);
  descriptor.writeUInt32BE(sizeBytes, 4);
  descriptor.writeBigUInt64BE(target, 8);
  await qtest.writeBytes(SCRATCH, descriptor);
  await qtest.writeRegister64(DMA_REGISTER, swapped(SCRATCH));
  const control = (await qtest.readBytes(SCRATCH, 4)).readUInt32BE(0);
  if (control & CONTROL_ERROR) throw new Error(`fw_cfg: item 0x${key.toString(16)} cannot be read`);
  return qtest.readBytes(target, sizeBytes);
}

function swapped(value: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes.readBigUInt64LE();
}
