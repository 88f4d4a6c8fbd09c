import { kernelArgument } from '../../host/kernel/kernel-argument.ts';
import { aboutHost, bootWith, CONFIG_NOT_KNOWN, type HostCheck } from './facts.ts';

const OFF = new Set(['0', 'off', 'n', 'no', 'false']);

export const kernelInitOnAlloc: HostCheck = {
  id: 'kernel.init-on-alloc',
  severity: 'info',
  title: 'The kernel does not clear each page that it gives out',
  looksAt: 'init_on_alloc in /proc/cmdline, and CONFIG_INIT_ON_ALLOC_DEFAULT_ON',
  reference: 'security/Kconfig.hardening, INIT_ON_ALLOC_DEFAULT_ON',
  observe({ host: { kernel } }) {
    if (kernel.commandLine === null) return { notKnown: 'there is no /proc/cmdline' };
    const value = kernelArgument(kernel.commandLine, 'init_on_alloc');
    if (value === null && kernel.config === null) return CONFIG_NOT_KNOWN;
    const isDefault = kernel.config?.get('INIT_ON_ALLOC_DEFAULT_ON') === 'y';
    const isOn = value === null ? isDefault : !OFF.has(value);
    if (!isOn) return [];
    const why = value === null ? 'CONFIG_INIT_ON_ALLOC_DEFAULT_ON=y' : `init_on_alloc=${value}`;
    return aboutHost(
      `${why}: each page is cleared when it is given out, which makes the start of a guest and the onlining of GPU memory slow`,
      ...bootWith('init_on_alloc=0'),
    );
  },
};
