import { type AcpiTables, readAcpiTables, splitTables } from './acpi-tables.ts';
import { readFwCfgFile } from './fw-cfg.ts';
import type { QemuCommand } from './qemu-binary.ts';
import { withQtest } from './qtest.ts';

/** PCI-to-PCI bridge: primary, secondary and subordinate bus number are the bytes from here on (PCI bridge 1.2, 3.2.5). */
const BUS_NUMBERS = 0x18n;
/** Base address of the one entry of an MCFG table. */
const MCFG_BASE = 44;

/**
 * As {@link readAcpiTables}, after giving the root port in slot 0 of each of these buses the bus number that follows, which
 * is what firmware does. Only then does a PCI handle in the SRAT say where its device is.
 */
export async function readEnumeratedTables(
  qemuArgs: readonly string[],
  rootBuses: readonly number[],
  qemu: QemuCommand,
): Promise<AcpiTables> {
  // QEMU writes the tables when they are first read, so what they say of configuration space comes from another machine.
  const [mcfg] = (await readAcpiTables(qemuArgs, qemu)).get('MCFG') ?? [];
  if (!mcfg) throw new Error('the machine has no MCFG');
  const base = Buffer.from(mcfg).readBigUInt64LE(MCFG_BASE);
  const file = await withQtest(qemu, qemuArgs, async (qtest) => {
    for (const bus of rootBuses) {
      await qtest.writeBytes(base + (BigInt(bus) << 20n) + BUS_NUMBERS, Buffer.from([bus, bus + 1, bus + 1, 0]));
    }
    return readFwCfgFile(qtest, 'etc/acpi/tables');
  });
  return splitTables(file ?? Buffer.alloc(0));
}
