import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GhpassError } from '../errors.ts';
import type { DisksToMake } from '../guest/image/disks.ts';
import { hostNameOf, requireHostName } from '../guest/image/host-name.ts';
import { requirePublicKeys } from '../guest/image/public-keys.ts';
import { reportInstaller } from '../guest/image/report-installer.ts';
import type { SeedRequest } from '../guest/image/seed-files.ts';
import { packageRoot } from '../host/programs/package-root.ts';
import { shellWord } from '../host/programs/shell-word.ts';
import { parseSize } from '../plan/request.ts';
import { Flags } from '../ui/oclif.ts';
import { requirePlainPath } from './guest-flags.ts';

/** Flags about the disks that `create-vm` makes: one over an image, and the seed for cloud-init. */
export const imageFlags = {
  image: Flags.string({
    helpValue: 'FILE',
    description:
      'cloud image (qcow2 or raw, for arm64) that the first disk is made over; the image itself stays as it is',
  }),
  'disk-size': Flags.string({
    helpValue: 'SIZE',
    dependsOn: ['image'],
    description: 'size of that disk, as in 100G; by default that of the image',
  }),
  'ssh-key': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'FILE',
    description: "public key that may log in as the image's own user",
  }),
  hostname: Flags.string({
    helpValue: 'NAME',
    description: 'host name of the guest; by default the name of the guest',
  }),
  'user-data': Flags.string({
    helpValue: 'FILE',
    description: 'user-data for cloud-init, in any of its formats; wins over what ghpass says itself',
  }),
  'network-config': Flags.string({ helpValue: 'FILE', description: 'network configuration for cloud-init' }),
  'cloud-init': Flags.string({
    helpValue: 'DIR',
    description: 'directory with another user-data instead of templates/cloud-init',
  }),
};

interface Given {
  image?: string | undefined;
  'disk-size'?: string | undefined;
  'ssh-key'?: string[] | undefined;
  hostname?: string | undefined;
  'user-data'?: string | undefined;
  'network-config'?: string | undefined;
  'cloud-init'?: string | undefined;
}

/**
 * What the flags want to be made; files that they name are read. With an image there is a seed always, without one where
 * something is to be said in it.
 * @throws GhpassError `path.invalid`, `path.unreadable`, `image.size-invalid`, `seed.hostname-invalid`, and those of
 * {@link requirePublicKeys}.
 */
export function disksToMakeOf(name: string, flags: Given): DisksToMake {
  const { image, 'disk-size': size, 'ssh-key': keys, hostname } = flags;
  const texts = [keys, hostname, flags['user-data'], flags['network-config'], flags['cloud-init']];
  const wantsSeed = image !== undefined || texts.some((text) => text !== undefined);
  return {
    image:
      image === undefined
        ? null
        : { path: resolve(requirePlainPath(image)), diskSizeBytes: size === undefined ? null : requireSize(size) },
    seed: wantsSeed ? seedOf(name, flags) : null,
  };
}

function seedOf(name: string, flags: Given): SeedRequest {
  const optional = (flag: 'user-data' | 'network-config') => {
    const path = flags[flag];
    return path === undefined ? null : read(`--${flag}`, path);
  };
  const templates = flags['cloud-init'] ?? join(packageRoot(), 'templates/cloud-init');
  return {
    hostname: flags.hostname === undefined ? hostNameOf(name) : requireHostName(flags.hostname),
    publicKeys: (flags['ssh-key'] ?? []).flatMap((path) => requirePublicKeys(`${read('--ssh-key', path)}`, path)),
    userData: optional('user-data'),
    networkConfig: optional('network-config'),
    template: read('--cloud-init', join(templates, 'user-data')),
    report: Buffer.from(reportInstaller()),
  };
}

function requireSize(text: string): bigint {
  const bytes = parseSize(text);
  if (bytes !== null && bytes > 0n && bytes % 512n === 0n) return bytes;
  throw new GhpassError('usage', {
    code: 'image.size-invalid',
    message: `--disk-size ${text}: the size of a disk is a whole number of 512 byte sectors, as in 100G`,
    suggestions: ['--disk-size 100G'],
  });
}

function read(flag: string, path: string): Buffer {
  try {
    return readFileSync(requirePlainPath(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof GhpassError) throw error;
    throw new GhpassError(code === 'EACCES' ? 'permission' : 'usage', {
      code: 'path.unreadable',
      message: `${flag} ${path}: ${code}`,
      suggestions: [`ls -l ${shellWord(path)}`],
      cause: error,
    });
  }
}
