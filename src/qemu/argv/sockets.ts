import { option, plain } from './arguments.ts';
import type { GuestFiles } from './guest-files.ts';

/** The port that the QEMU guest agent opens by itself where it is installed. */
export function agent({ agentSocket }: GuestFiles): string[] {
  return [
    ...option('-device', [
      ['virtio-serial-pci', null],
      ['bus', 'pcie.0'],
    ]),
    ...option('-chardev', [
      ['socket', null],
      ['id', 'agent0'],
      ['path', agentSocket],
      ['server', 'on'],
      ['wait', 'off'],
    ]),
    ...option('-device', [
      ['virtserialport', null],
      ['chardev', 'agent0'],
      ['name', 'org.qemu.guest_agent.0'],
    ]),
  ];
}

/** The guest's serial line, on a socket and in a log. */
export function console({ consoleSocket, consoleLog }: GuestFiles): string[] {
  return [
    ...option('-chardev', [
      ['socket', null],
      ['id', 'console0'],
      ['path', consoleSocket],
      ['server', 'on'],
      ['wait', 'off'],
      ['logfile', consoleLog],
    ]),
    ...plain('-serial', 'chardev:console0'),
  ];
}

/** A socket of QEMU's own. */
export function qmp(socket: string): string[] {
  return option('-qmp', [
    [`unix:${socket.replaceAll(',', ',,')}`, null],
    ['server', 'on'],
    ['wait', 'off'],
  ]);
}
