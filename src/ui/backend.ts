import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GhpassError } from '../errors.ts';
import type { DomainChoice } from '../guest/domain/create-domain.ts';
import { packageRoot } from '../host/programs/package-root.ts';
import { libvirtFlags, managedFlag } from './libvirt-flags.ts';
import { Flags } from './oclif.ts';

/** Flags of the commands that start a guest on one of the two back ends. */
export const backendFlags = {
  ...libvirtFlags,
  ...managedFlag,
  backend: Flags.option({
    options: ['qemu', 'libvirt'] as const,
    description: 'what runs the guest: QEMU as a process (default), or a domain of libvirt',
  })(),
  template: Flags.string({ helpValue: 'FILE', description: 'base domain instead of the one in templates/domain.xml' }),
};

/**
 * What the flags say about libvirt; null where the guest is a process.
 * @throws GhpassError `path.unreadable`; `usage` for flags of libvirt alone.
 */
export function libvirtOf(flags: {
  backend?: 'qemu' | 'libvirt' | undefined;
  connect: string;
  profile: 'auto' | 'native' | 'fallback';
  managed?: boolean;
  template?: string | undefined;
}): DomainChoice | null {
  const { backend = 'qemu', connect, profile, managed = false } = flags;
  if (backend === 'qemu') {
    if (flags.template !== undefined) throw forLibvirt('--template');
    if (flags.managed !== undefined) throw forLibvirt('--managed');
    return null;
  }
  return { connect, profile, managed, template: readTemplate(flags.template) };
}

function forLibvirt(flag: string): GhpassError {
  return new GhpassError('usage', {
    code: 'usage',
    message: `${flag} is about a domain of libvirt, and QEMU would be started as a process`,
    suggestions: [`--backend libvirt ${flag}`],
  });
}

function readTemplate(file: string = join(packageRoot(), 'templates/domain.xml')): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GhpassError('usage', {
      code: 'path.unreadable',
      message: `--template ${file}: ${(error as NodeJS.ErrnoException).code}`,
      suggestions: ['start from templates/domain.xml of ghpass'],
      cause: error,
    });
  }
}
