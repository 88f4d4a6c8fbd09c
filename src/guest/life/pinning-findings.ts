import type { Finding } from '../../checks/check.ts';
import { formatNumberList } from '../../host/numa/number-list.ts';
import type { PinningDifference } from '../../qemu/pin-threads.ts';

/** Threads of a guest that may run elsewhere than planned, as findings: one for all that are alike. */
export function pinningFindings(differences: readonly PinningDifference[], guest: string): Finding[] {
  const alike = new Map<string, PinningDifference[]>();
  for (const difference of differences) {
    const key = `${difference.vcpu === null} ${difference.planned} ${difference.seen}`;
    alike.set(key, [...(alike.get(key) ?? []), difference]);
  }
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const vcpus = group.flatMap(({ vcpu }) => vcpu ?? []);
    const who = vcpus.length > 0 ? `vCPUs ${formatNumberList(vcpus)}` : "threads of QEMU's own";
    return {
      id: 'guest.pinning',
      severity: 'warn',
      subject: guest,
      message: `${who} may run on CPUs ${first.seen}; planned: ${first.planned}`,
      remedy: ['cat /proc/self/cgroup   # whose cpuset may not have these CPUs'],
      reference: 'sched_setaffinity(2): a cpuset leaves what it has of them',
    };
  });
}
