import { shellWord } from '../../host/programs/shell-word.ts';
import { imageOf, losesTopology } from '../../plan/firmware.ts';
import type { PlanCheck } from './facts.ts';

export const firmwareAavmf: PlanCheck = {
  id: 'firmware.aavmf',
  severity: 'fail',
  title: 'The guest’s firmware keeps the NUMA topology',
  looksAt: 'package and version of the firmware image that the guest gets',
  reference: 'edk2 ArmVirtQemu 2022.11 (Debian 12): "Faking a node"',
  observe({ tools, plan }) {
    const image = imageOf(plan.firmware.code, tools.firmware);
    if (!image?.package) return { notKnown: `no package manager knows ${plan.firmware.code}` };
    if (!losesTopology(image)) return [];
    const { name, version } = image.package;
    const good = tools.firmware.find((other) => other.package && !losesTopology(other));
    return [
      {
        subject: plan.firmware.code,
        message: `${name} ${version} loses all NUMA nodes of the guest: Linux fakes a single one`,
        remedy: [
          ...(good
            ? [`virsh edit ${shellWord(plan.name)}   # ${good.code} as <loader> instead of firmware='efi'`]
            : []),
          'install qemu-efi-aarch64 2025.02 or newer: the package of Debian 13 installs on Debian 12',
        ],
      },
    ];
  },
};
