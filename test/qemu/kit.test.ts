import { beforeAll, describe, expect, test, vi } from 'vitest';
import { readAcpiTables, splitTables } from './kit/acpi-tables.ts';
import { listFwCfgFiles, readFwCfgFile } from './kit/fw-cfg.ts';
import { virtMachine } from './kit/machine-arguments.ts';
import { findQemu, type QemuCommand } from './kit/qemu-binary.ts';
import { askMachine } from './kit/qmp-once.ts';
import { withQtest } from './kit/qtest.ts';

/** A machine that is busy with other tests takes its time to start a process. */
vi.setConfig({ testTimeout: 60_000 });

/** The first run may have to fetch and unpack a QEMU. */
const FETCH_MS = 600_000;

let qemu: QemuCommand;
beforeAll(async () => {
  qemu = await findQemu();
}, FETCH_MS);

describe('a machine that stands still', () => {
  test('shows the tables its firmware would get, each with the length in its header', async () => {
    const tables = await readAcpiTables(virtMachine(), qemu);
    expect([...tables.keys()]).toEqual(expect.arrayContaining(['DSDT', 'FACP', 'APIC', 'MCFG', 'XSDT']));
    for (const table of [...tables.values()].flat()) {
      expect(new DataView(table.buffer, table.byteOffset).getUint32(4, true)).toBe(table.length);
    }
  });

  test('offers files over fw_cfg, and undefined for one that it does not have', async () => {
    await withQtest(qemu, virtMachine(), async (qtest) => {
      const files = await listFwCfgFiles(qtest);
      expect(files.map(({ name }) => name)).toContain('etc/acpi/rsdp');
      expect((await readFwCfgFile(qtest, 'etc/acpi/rsdp'))?.toString('latin1', 0, 8)).toBe('RSD PTR ');
      expect(await readFwCfgFile(qtest, 'etc/acpi/nothing')).toBeUndefined();
    });
  });

  test('keeps what is written into its memory', async () => {
    await withQtest(qemu, virtMachine(), async (qtest) => {
      await qtest.writeBytes(0x41000000n, Buffer.from('ghpass'));
      expect((await qtest.readBytes(0x41000000n, 6)).toString()).toBe('ghpass');
    });
  });

  test('answers questions in their order', async () => {
    const answers = await askMachine(qemu, virtMachine(), [
      { execute: 'query-status' },
      { execute: 'qom-get', arguments: { path: '/machine', property: 'gic-version' } },
    ]);
    expect(answers).toEqual([{ status: 'prelaunch', running: false }, '3']);
  });

  test('that QEMU refuses gives status and stderr', async () => {
    const refused = { name: 'QemuExit', status: 1, stderr: 'qemu-system-aarch64: -bogus: invalid option\n' };
    await expect(readAcpiTables([...virtMachine(), '-bogus'], qemu)).rejects.toMatchObject(refused);
    await expect(askMachine(qemu, [...virtMachine(), '-bogus'], [])).rejects.toMatchObject(refused);
  });

  test('that does not know a property says so', async () => {
    const question = { execute: 'qom-get', arguments: { path: '/machine', property: 'no-such' } };
    await expect(askMachine(qemu, virtMachine(), [question])).rejects.toThrow(
      /^QMP: Property 'virt-[0-9.]+-machine\.no-such' not found$/,
    );
  });
});

describe('splitting', () => {
  function table(signature: string, sizeBytes: number): Buffer {
    const bytes = Buffer.alloc(sizeBytes, 0xaa);
    bytes.write(signature, 0, 'latin1');
    bytes.writeUInt32LE(sizeBytes, 4);
    return bytes;
  }

  test('steps over zeros and keeps several tables of one signature', () => {
    const file = Buffer.concat([
      Buffer.alloc(3),
      table('SSDT', 40),
      Buffer.alloc(5),
      table('SSDT', 36),
      Buffer.alloc(9),
    ]);
    expect(splitTables(file)).toEqual(new Map([['SSDT', [table('SSDT', 40), table('SSDT', 36)]]]));
  });

  test.each<[string, Buffer, string]>([
    ['bytes that are no table', Buffer.from('\0\0garbage'), 'no ACPI table at byte 2 of 9'],
    ['a table that is cut short', table('SRAT', 60).subarray(0, 59), 'no ACPI table at byte 0 of 59'],
  ])('refuses %s', (_title, file, message) => {
    expect(() => splitTables(file)).toThrow(new Error(message));
  });
});
