import { Flags } from '../ui/oclif.ts';

/** Flags of the commands that write a domain. */
export const libvirtFlags = {
  connect: Flags.string({
    char: 'c',
    default: 'qemu:///system',
    helpValue: 'URI',
    description: 'libvirt to talk to, also qemu+ssh://',
  }),
  profile: Flags.option({
    options: ['auto', 'native', 'fallback'] as const,
    default: 'auto',
    description: 'elements of libvirt where it has them, all of them, or arguments of QEMU only',
  })(),
};

/** Who binds the GPU to the variant driver. */
export const managedFlag = {
  managed: Flags.boolean({
    allowNo: true,
    description: 'libvirt binds the GPUs when the guest starts, and gives them back when it ends',
  }),
};
