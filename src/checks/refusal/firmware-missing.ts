import { type RefusalCheck, refusedWith } from './facts.ts';

export const firmwareMissing: RefusalCheck = {
  id: 'firmware.missing',
  severity: 'fail',
  title: 'UEFI for arm64 guests is installed',
  looksAt: '/etc/qemu/firmware and /usr/share/qemu/firmware',
  reference: 'QEMU, docs/interop/firmware.json',
  observe: (attempt) => refusedWith('firmware.missing', attempt),
};
