import { GhpassError } from '../errors.ts';

/** Said before a guest is made that nobody could log in to. */
const NO_LOGIN = 'neither --ssh-key nor --user-data nor --cloud-init is given: most images let nobody log in then';

/** What is to be said of a guest from an image, by the flags of create-vm; null where it is well. */
export function adviceOnLogin(
  flags: {
    [flag in 'image' | 'ssh-key' | 'user-data' | 'cloud-init']?: unknown;
  },
): string | null {
  const given = [flags['ssh-key'], flags['user-data'], flags['cloud-init']].some((value) => value !== undefined);
  return flags.image === undefined || given ? null : NO_LOGIN;
}

/**
 * @param emit what a dry run is to print.
 * @throws GhpassError `usage` where the back end has nothing of that kind.
 */
export function requireRendering(backend: 'qemu' | 'libvirt', emit: 'argv' | 'xml' | 'plan' | undefined): void {
  if (backend === 'libvirt' && emit === 'argv') {
    throw new GhpassError('usage', {
      code: 'usage',
      message: '--emit argv is what ghpass gives QEMU itself; libvirt makes its own of the domain',
      suggestions: [
        '--emit xml',
        'ghpass create-vm … --dry-run --emit xml > vm.xml && virsh domxml-to-native qemu-argv --xml vm.xml',
      ],
    });
  }
  if (backend === 'qemu' && emit === 'xml') {
    throw new GhpassError('usage', {
      code: 'usage',
      message: '--emit xml is a domain of libvirt, and --backend qemu has none',
      suggestions: ['--backend libvirt --emit xml', '--emit argv'],
    });
  }
}

export function noPseriesDomain(): GhpassError {
  return new GhpassError('usage', {
    code: 'usage',
    message: 'a guest on POWER9 is planned for QEMU alone, not for a domain of libvirt',
    suggestions: ['--backend qemu --emit argv'],
  });
}

export function notThisMachine(source: string): GhpassError {
  return new GhpassError('usage', {
    code: 'host.not-local',
    message: `--host ${source}: guests are started on this machine only`,
    suggestions: [`ghpass create-vm … --host ${source} --dry-run`],
  });
}
