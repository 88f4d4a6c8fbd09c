import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GhpassError } from '../errors.ts';
import type { DomainChoice } from '../guest/domain/create-domain.ts';
import { packageRoot } from '../host/package-root.ts';
import { libvirtFlags, managedFlag } from './libvirt-flags.ts';
import { Flags } from './oclif.ts';

/** Flags of the commands that start a guest on one of the two back ends. */
export const backendFlags = {
  ...libvirtFlags,
  ...managedFlag,
  backend: Flags.option({
    options: ['qemu', 'libvirt'] as const,
    default: 'qemu',
    description: 'what runs the guest: QEMU as a process, or a domain of libvirt',
  })(),
  template: Flags.string({ helpValue: 'FILE', description: 'base domain instead of the one in templates/domain.xml' }),
};

/**
 * What the flags say about libvirt; null where the guest is a process.
 * @throws GhpassError `path.unreadable`.
 */
export function libvirtOf(flags: {
  backend: 'qemu' | 'libvirt';
  connect: string;
  profile: 'auto' | 'native' | 'fallback';
  managed?: boolean;
  template?: string | undefined;
}): DomainChoice | null {
  if (flags.backend === 'qemu') return null;
  const { connect, profile, managed = false } = flags;
  return { connect, profile, managed, template: readTemplate(flags.template) };
}

function readTemplate(file: string = join(packageRoot(), 'templates/domain.xml')): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GhpassError('usage', {
      code: 'path.unreadable',
      message: `--template ${file}: ${(error as NodeJS.ErrnoException).code}`,
      cause: error,
    });
  }
}
