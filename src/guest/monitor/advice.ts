import { shellWord } from '../../host/programs/shell-word.ts';
import { bootAgain, nextBootText } from '../domain/next-boot.ts';
import type { DomainGuest, KnownGuest } from '../life/find-guest.ts';
import type { WatchedState } from './observation.ts';
import type { GuestView } from './view.ts';

/** What is wrong with a guest, and what can be done. */
export interface Trouble {
  /** Stable; scripts match on it. */
  id: string;
  severity: 'fail' | 'warn';
  message: string;
  /** Commands that can be pasted. */
  commands: readonly string[];
}

type Commands = Partial<Record<WatchedState, readonly string[]>>;

/** @returns null where nothing is wrong, or nothing is known yet. */
export function troubleOf(view: GuestView, guest: KnownGuest): Trouble | null {
  const sentence = SENTENCES[view.state];
  if (sentence === undefined) return guest.backend === 'libvirt' ? outdated(view, guest) : null;
  const { severity, words } = sentence;
  const message = view.detail === null ? `${view.name} ${words}` : `${view.name} ${words}: ${view.detail}`;
  const commands = (guest.backend === 'qemu' ? ofProcess(guest.name, guest.files) : ofDomain(guest))[view.state] ?? [];
  return { id: `guest.${view.state}`, severity, message, commands };
}

function outdated({ state, nextBoot }: GuestView, guest: DomainGuest): Trouble | null {
  if (state !== 'running' || nextBoot === null) return null;
  const message = nextBootText(guest.name, nextBoot);
  return { id: 'guest.next-boot', severity: 'warn', message, commands: bootAgain(guest) };
}

const SENTENCES: Partial<Record<WatchedState, { severity: 'fail' | 'warn'; words: string }>> = {
  unknown: { severity: 'warn', words: 'cannot be asked' },
  paused: { severity: 'warn', words: 'is paused' },
  failed: { severity: 'fail', words: 'was stopped by QEMU' },
  panicked: { severity: 'fail', words: 'panicked' },
  silent: { severity: 'fail', words: 'does not answer' },
  off: { severity: 'warn', words: 'is off' },
  died: { severity: 'fail', words: 'died' },
};

function ofProcess(name: string, { qmpSocket, consoleLog }: { qmpSocket: string; consoleLog: string }): Commands {
  const word = shellWord(name);
  const qemuLog = shellWord(consoleLog.replace(/console\.log$/, 'qemu.log'));
  const again = [`ghpass delete ${word} --yes   # then create it again; disks stay`];
  const resume = `(echo '{"execute":"qmp_capabilities"}{"execute":"cont"}'; sleep 1) | socat - UNIX:${shellWord(qmpSocket)}`;
  return {
    paused: [resume],
    failed: [`tail ${qemuLog}`, 'df -h', resume],
    panicked: [`tail -n 50 ${shellWord(consoleLog)}`, ...again],
    silent: [`tail ${qemuLog}`, 'dmesg | tail'],
    off: again,
    died: [`tail ${qemuLog}`, "journalctl --dmesg --grep='oom|killed|vfio'", ...again],
  };
}

function ofDomain({ name, uri, consoleLog }: { name: string; uri: string; consoleLog: string | null }): Commands {
  const virsh = (command: string) => `virsh --connect=${shellWord(uri)} ${command} ${shellWord(name)}`;
  const log = `tail /var/log/libvirt/qemu/${shellWord(name)}.log`;
  return {
    unknown: ['systemctl status virtqemud libvirtd', `virsh --connect=${shellWord(uri)} list --all`],
    paused: [virsh('resume')],
    failed: [log, virsh('domblkerror'), virsh('resume')],
    panicked: [...(consoleLog === null ? [] : [`tail -n 50 ${shellWord(consoleLog)}`]), virsh('reset')],
    silent: [log, 'dmesg | tail'],
    off: [virsh('start')],
    died: [log, "journalctl --dmesg --grep='oom|killed|vfio'", virsh('start')],
  };
}
