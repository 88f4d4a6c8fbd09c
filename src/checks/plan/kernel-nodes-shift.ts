import { nodeLimit } from '../../plan/node-limit.ts';
import type { PlanCheck } from './facts.ts';

export const kernelNodesShift: PlanCheck = {
  id: 'kernel.nodes-shift',
  severity: 'warn',
  title: 'The guest’s kernel can hold all nodes',
  looksAt: 'nodes of the guest, and CONFIG_NODES_SHIFT of the kernel that it boots',
  reference: 'arch/arm64/Kconfig, NODES_SHIFT; drivers/acpi/numa/srat.c, "Too many proximity domains"',
  observe({ plan, guestKernelConfig }) {
    const limit = nodeLimit(guestKernelConfig);
    const lost = plan.nodes.length - limit;
    if (lost <= 0) return [];
    const whose = guestKernelConfig ? "the guest's kernel" : 'a kernel with the default NODES_SHIFT=4';
    return [
      {
        subject: plan.name,
        message: `the guest has ${plan.nodes.length} nodes, ${whose} holds ${limit}: ${lost} ${lost === 1 ? 'node' : 'nodes'} of a GPU will be lost`,
        remedy: ['boot the guest with a kernel that has CONFIG_NODES_SHIFT=6', 'give the guest fewer GPUs'],
      },
    ];
  },
};
