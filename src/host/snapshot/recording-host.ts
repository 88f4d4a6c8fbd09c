import { GhpassError } from '../../errors.ts';
import type { Host } from '../host.ts';
import type { FileTree } from '../memory-files.ts';
import { recordingFiles } from './recording-files.ts';
import { refusalOf, type Software, softwareDocument, TOOLS_FILE } from './software.ts';

/** A question that a host did not answer, and why. */
export interface Unanswered {
  /** PCI address of the device, or `tools`. */
  subject: string;
  why: GhpassError;
}

/** A host that writes down what it is asked. */
export interface HostRecording {
  host: Host;
  recorded(): FileTree;
  /** What the snapshot will not know although it was asked. */
  unanswered: readonly Unanswered[];
}

/**
 * A host whose files, devices and tools write down what they answer. A device or tool that fails is "not known" to what goes
 * on reading, as it will be in the snapshot: one sick GPU must not hide the others.
 */
export function recordingHost(host: Host): HostRecording {
  const recording = recordingFiles(host.files);
  const answers: Record<string, string> = {};
  const software: Software = { tools: null, libvirt: null };
  const unanswered: Unanswered[] = [];
  async function ask<T>(subject: string, question: () => Promise<T>): Promise<T | null> {
    try {
      return await question();
    } catch (error) {
      if (!(error instanceof GhpassError) || error.kind === 'interrupted') throw error;
      unanswered.push({ subject, why: error });
      return null;
    }
  }
  return {
    host: {
      ...host,
      files: recording.files,
      async askDevice(address) {
        const answer = await ask(address, () => host.askDevice(address));
        if (answer !== null) answers[`/ghpass/vfio/${address}.json`] = answer;
        return answer;
      },
      async askTools() {
        software.tools = await ask('tools', () => host.askTools());
        return software.tools;
      },
      async askLibvirt(uri) {
        try {
          const libvirt = await host.askLibvirt(uri);
          software.libvirt = libvirt;
          return libvirt;
        } catch (error) {
          // ghpass can do without: that libvirt does not answer is what the host says.
          if (error instanceof GhpassError && error.kind !== 'interrupted') software.libvirt = refusalOf(error);
          throw error;
        }
      },
    },
    recorded() {
      const tree = recording.recorded();
      const document = softwareDocument(software);
      const tools = document === null ? {} : { [TOOLS_FILE]: document };
      return { ...tree, files: { ...tree.files, ...identityOf(host), ...answers, ...tools } };
    },
    unanswered,
  };
}

/** What `uname` says: the release in a file of ghpass's own, the architecture as Linux 6.1 and newer show it. */
function identityOf({ release, machine }: Host): Record<string, string> {
  return {
    ...(release === null ? {} : { '/ghpass/uname': `${release}\n` }),
    ...(machine === null ? {} : { '/proc/sys/kernel/arch': `${machine}\n` }),
  };
}
