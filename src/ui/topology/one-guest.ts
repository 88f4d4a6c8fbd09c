import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';

/**
 * One picture has one guest, and the guests that are there are on this machine.
 * @throws GhpassError `usage`, `host.not-local`.
 */
export function requireOneGuest(
  vm: string | undefined,
  flags: { host: string; plan: boolean; 'plan-file'?: string | undefined },
): void {
  const meant = [vm, flags.plan ? '--plan' : undefined, flags['plan-file'] && '--plan-file'].filter(Boolean);
  if (meant.length > 1) {
    throw new GhpassError('usage', {
      code: 'usage',
      message: `one guest is drawn at a time, not ${meant.join(' and ')}`,
      suggestions: meant.map((one) => `ghpass topology ${shellWord(one ?? '')}`),
    });
  }
  if (vm !== undefined && flags.host !== 'local') {
    throw new GhpassError('usage', {
      code: 'host.not-local',
      message: `--host ${flags.host}: ${vm} is looked for on this machine only`,
      suggestions: [`ghpass topology --host ${shellWord(flags.host)} --plan`],
    });
  }
}
