import { GhpassError } from '../../errors.ts';
import { runHelper } from '../../host/programs/helper.ts';
import { AbandonedChildError } from '../../host/programs/run-tool.ts';
import { type FailedStep, parseVerbError } from '../../vfio/protocol.ts';
import type { Journal } from '../journal/journal.ts';
import { startTimeOf } from '../journal/process-identity.ts';

export interface DriverRequest {
  /** `override` writes driver_override, which waits for the probe or remove of whoever else works on the device. */
  verb: 'bind' | 'unbind' | 'override';
  address: string;
  /** Null clears the override. */
  driver: string | null;
  deadlineMs: number;
  progress(line: string): void;
}

export interface Asked {
  /** Null where the driver did what was asked. */
  error: FailedStep | null;
  elapsedMs: number;
}

/**
 * Asks a driver to take a device or to let go of it, or the kernel to reserve the device for one, in a child: the driver's
 * probe or remove runs inside of its write(2) or holds the lock of the device that it waits for (drivers/base/driver.c,
 * driver_set_override), and can hang there in state D, where no signal reaches it.
 * @throws GhpassError `driver.bind-hang`, `driver.unbind-hang`, `driver.override-hang` for a child that was left behind, which is then in the
 * journal, too; and those of {@link runHelper}.
 */
export async function askDriver(
  { verb, address, driver, deadlineMs, progress }: DriverRequest,
  journal: Pick<Journal, 'record' | 'environment'>,
): Promise<Asked> {
  const start = Date.now();
  const seconds = Math.round(deadlineMs / 1000);
  const { doing, asked } = describe({ verb, address, driver });
  const onWait = (elapsedMs: number) => progress(`${doing}: ${Math.round(elapsedMs / 1000)} s of at most ${seconds} s`);
  try {
    const output = await runHelper([verb, address, ...(driver === null ? [] : [driver])], deadlineMs, {
      env: journal.environment,
      onWait,
    });
    return { error: parseVerbError(output), elapsedMs: Date.now() - start };
  } catch (error) {
    if (!(error instanceof AbandonedChildError)) throw error;
    const { pid } = error;
    journal.record({ kind: 'abandoned', pid, startTime: startTimeOf(pid) ?? '', what: doing });
    throw new GhpassError('timeout', {
      code: `driver.${verb}-hang`,
      message: `${doing}: ${asked} has not answered for ${Math.round((Date.now() - start) / 1000)} s; process ${pid} waits for it in the kernel, where no signal reaches it, and is left behind`,
      suggestions: [
        `cat /proc/${pid}/stack   # where it hangs`,
        'dmesg | tail',
        'ghpass recover   # puts the rest back once the process has ended',
        'reboot the host, if it does not end',
      ],
      cause: error,
    });
  }
}

function describe({ verb, address, driver }: Pick<DriverRequest, 'verb' | 'address' | 'driver'>) {
  switch (verb) {
    case 'bind':
      return { doing: `binding ${address} to ${driver}`, asked: driver };
    case 'unbind':
      return { doing: `unbinding ${address} from ${driver}`, asked: driver };
    case 'override':
      return { doing: `writing ${driver ?? 'nothing'} to driver_override of ${address}`, asked: 'the kernel' };
  }
}
