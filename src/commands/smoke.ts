import { writeFileSync } from 'node:fs';
import { journalDirectory, runtimeDirectory } from '../guest/directories.ts';
import { localHost } from '../host/local.ts';
import { requireMemorySize } from '../plan/request.ts';
import { backendFlags, libvirtOf } from '../ui/backend.ts';
import { GhpassCommand, strictFlag } from '../ui/command.ts';
import { comparisonText } from '../ui/comparison-text.ts';
import type { Envelope } from '../ui/envelope.ts';
import { deadlineOf, guestFlags, iommufdOf, memoryFlag, placementOf } from '../ui/guest-flags.ts';
import { jsonReady } from '../ui/json-ready.ts';
import { Flags } from '../ui/oclif.ts';

export default class Smoke extends GhpassCommand {
  static override summary = 'Prove the whole path with a throw-away guest, and put the host back.';
  static override description = [
    'Asks the GPUs, plans a guest, boots it with the kernel of this host and an initramfs of its own, and holds',
    'what the guest sees against the plan, line by line. Afterwards the guest and its files are gone, and GPUs that --bind bound',
    'are as they were.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> smoke --gpu 0009:01:00.0',
    '<%= config.bin %> smoke --gpu 0009:01:00.0 --backend libvirt --reboot',
    '<%= config.bin %> smoke --bind --json   # in CI: exit 3 where the machine has no coherent GPU',
  ];
  static override flags = {
    ...strictFlag,
    ...guestFlags,
    ...backendFlags,
    memory: memoryFlag('2G'),
    kernel: Flags.string({ helpValue: 'FILE', description: 'kernel of the guest; by default the one that runs here' }),
    reboot: Flags.boolean({ description: 'let the guest reboot, and compare again' }),
    junit: Flags.string({ helpValue: 'FILE', description: 'write the comparison as JUnit XML, too' }),
  };

  async run(): Promise<Envelope> {
    const { flags } = await this.parse(Smoke);
    // What reads the guest's report takes a while to load, and oclif loads this file for every command.
    const { smoke } = await import('../guest/proof/smoke.ts');
    const { plan, comparisons, findings } = await smoke(localHost(), {
      addresses: flags.gpu ?? [],
      request: {
        name: `smoke-${process.pid}`,
        memoryBytes: requireMemorySize(flags.memory),
        vcpus: flags.vcpus ?? 2,
        accelerator: flags.accel ?? null,
        iommufd: iommufdOf(flags.vfio),
        placement: placementOf(flags),
        network: null,
      },
      kernel: flags.kernel ?? null,
      bind: flags.bind,
      reboot: flags.reboot,
      libvirt: libvirtOf(flags),
      deadlineMs: deadlineOf(flags.timeout),
      directories: { runtime: runtimeDirectory(process.env), journal: journalDirectory(process.env) },
      signal: this.interrupted,
      progress: (line) => this.progress(line),
    });
    if (flags.junit !== undefined) {
      const { junitReport } = await import('../ui/junit.ts');
      writeFileSync(flags.junit, junitReport('ghpass smoke', comparisons, findings));
    }
    const text = comparisonText(comparisons, this.paint(process.stdout));
    return this.conclude({ result: { plan: jsonReady(plan), comparisons }, findings, text }, flags.strict);
  }
}
