import { GhpassError } from '../../errors.ts';
import { runTool, type ToolOptions } from '../programs/run-tool.ts';
import { virshFailure } from './virsh-failure.ts';

/** The daemon that runs the guests of a host. */
export const SYSTEM_URI = 'qemu:///system';

/** `qemu:///system` is on this machine, `qemu+ssh://host/system` is not. */
export function isOnThisMachine(uri: string): boolean {
  return /^[^:]+:\/\/\//.test(uri);
}

/**
 * Runs one command of virsh to its end.
 * @param args the command and its options; whatever a user gave is written behind `=`, where it cannot be an option.
 * @returns standard output.
 * @throws GhpassError those of {@link virshFailure}; `libvirt.missing` where virsh is not on PATH, `libvirt.timeout`.
 */
export async function runVirsh(uri: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  try {
    const run = await runTool('virsh', [`--connect=${uri}`, '--quiet', ...args], options);
    if (run.status === 0) return run.stdout;
    throw virshFailure(uri, args, run);
  } catch (error) {
    throw notRun(uri, args, error);
  }
}

/** There is no /dev/stdin in every container. */
const STANDARD_INPUT = '/proc/self/fd/0';

/** As {@link runVirsh}, of a command that reads an XML document from a file. */
export function runVirshOnXml(
  uri: string,
  xml: string,
  argsOf: (file: string) => readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  return runVirsh(uri, argsOf(STANDARD_INPUT), { ...options, document: xml });
}

/** There is no virsh to speak with libvirt. */
export function virshMissing(cause?: unknown): GhpassError {
  return new GhpassError('tool', {
    code: 'libvirt.missing',
    message: 'virsh is not on PATH',
    suggestions: [
      'apt-get install libvirt-clients libvirt-daemon-system',
      'dnf install libvirt-client libvirt-daemon-kvm',
    ],
    cause,
  });
}

function notRun(uri: string, [command = '']: readonly string[], error: unknown): unknown {
  if (!(error instanceof GhpassError)) return error;
  if (error.code === 'tool.missing') {
    return virshMissing(error);
  }
  if (error.code !== 'tool.timeout') return error;
  return new GhpassError('timeout', {
    code: 'libvirt.timeout',
    message: `virsh ${command} at ${uri}: ${error.message}`,
    suggestions: ['systemctl status virtqemud libvirtd', ...error.suggestions],
    cause: error,
  });
}
