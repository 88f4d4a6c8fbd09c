/** What `virsh domstats` says of one domain. */
export interface DomainStats {
  /** virDomainState. */
  state: number;
  /** One of the enumerations of the reasons of that state. */
  reason: number;
  vcpus: { vcpu: number; cpuMs: number }[];
  residentBytes: bigint | null;
  balloonBytes: bigint | null;
}

const NS_PER_MS = 1_000_000;

/** @param lines of `virsh domstats --raw --state --vcpu --balloon`; sizes in it are in KiB. */
export function parseDomainStats(lines: readonly string[]): Map<string, DomainStats> {
  const domains = new Map<string, DomainStats>();
  let current: DomainStats | null = null;
  for (const line of lines) {
    const [, name] = /^Domain: '(.*)'$/.exec(line) ?? [];
    if (name !== undefined) {
      current = { state: 0, reason: 0, vcpus: [], residentBytes: null, balloonBytes: null };
      domains.set(name, current);
      continue;
    }
    const [, key, text] = /^ {2}([\w.-]+)=(\d+)$/.exec(line) ?? [];
    if (current && key !== undefined && text !== undefined) take(current, key, text);
  }
  return domains;
}

function take(stats: DomainStats, key: string, text: string): void {
  const [, vcpu] = /^vcpu\.(\d+)\.time$/.exec(key) ?? [];
  if (vcpu !== undefined) stats.vcpus.push({ vcpu: Number(vcpu), cpuMs: Number(text) / NS_PER_MS });
  else if (key === 'state.state') stats.state = Number(text);
  else if (key === 'state.reason') stats.reason = Number(text);
  else if (key === 'balloon.rss') stats.residentBytes = BigInt(text) << 10n;
  else if (key === 'balloon.current') stats.balloonBytes = BigInt(text) << 10n;
}
