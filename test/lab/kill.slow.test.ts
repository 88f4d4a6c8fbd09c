import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { compileKiller } from '../fixtures/die-at-flush.ts';
import { LAB_TEST_TIMEOUT_MS, runStepsInLab } from './harness.ts';
import { HOST_STATE, PRISTINE } from './host-state.ts';

const GPU = '0000:01:00.0';
const CROSS_COMPILER = 'aarch64-linux-gnu-gcc';
const CREATE = 'create-vm demo --bind --vcpus 1 --memory 1G --timeout 300';

interface Killed {
  /** Commands that come before the one that is killed. */
  first: string[];
  command: string;
  /** Subject of the journal that decides whether the changes are to stay. */
  decisive: string;
  /** Commands that put the host back where they are. */
  back: string[];
  /** Whether it dies before the line of each step is on the disk, or after. */
  deaths: readonly ('before' | 'after')[];
  /** At how many deaths the changes stay: those behind the line with which the command has done its work. */
  kept: number;
}

const BOTH = ['before', 'after'] as const;

const KILLED: Record<string, Killed> = {
  bind: { first: [], command: `bind ${GPU}`, decisive: GPU, back: [`release ${GPU}`], deaths: BOTH, kept: 1 },
  release: {
    first: [`bind ${GPU}`],
    command: `release ${GPU}`,
    decisive: GPU,
    back: [`release ${GPU}`],
    deaths: BOTH,
    kept: 1,
  },
  'create-vm': {
    first: [],
    command: CREATE,
    decisive: 'guest-demo',
    back: ['delete demo --yes'],
    // Each is the start of a guest on an emulated machine; both deaths are tried in test/cli/kill.slow.test.ts.
    deaths: ['after'],
    kept: 3,
  },
};

/**
 * Counts the steps of a command by running it once, and kills it at each of them, before and after the line is on the disk.
 * Prints one line per death, and what is not as before behind it.
 */
function killAtEveryStep({ first, command, decisive, back, deaths }: Killed): string {
  const run = (commands: readonly string[]) => commands.map((one) => `ghpass ${one} > /dev/null`).join('; ') || ':';
  return `
state() { ${HOST_STATE} }
is_kept() { sed -n '$!p;\${/}$/p}' "/var/lib/ghpass/journal/${decisive}.jsonl" 2> /dev/null | tail -n 1 | grep -q '"kept"'; }
killer=$PWD/die-at-flush.so counter=$(mktemp)
before=$(state)
${run(first)}
env LD_PRELOAD="$killer" FLUSHES="$counter" ghpass ${command} > /dev/null || exit 99
${run(back)}
steps=$(stat -c %s "$counter")
echo "$steps steps"
for step in $(seq "$steps"); do
  for when in ${deaths.join(' ')}; do
    ${run(first)}
    before_it=(DIE_BEFORE=1); [ $when = before ] || before_it=()
    env LD_PRELOAD="$killer" DIE_AT=$step "\${before_it[@]}" ghpass ${command} > /dev/null
    echo "$step $when: status $?"
    if is_kept; then kept=yes; else kept=no; fi
    ghpass recover > /dev/null || echo "recover: status $?"
    if [ $kept = yes ]; then
      echo kept
      ${run(back)}
    fi
    [ "$(state)" = "$before" ] || { echo 'not as before:'; state; }
  done
done
`;
}

test.each(Object.entries(KILLED))(
  'kill -9 at every step of %s, then recover: the host is as before',
  async (_name, killed) => {
    const directory = mkdtempSync(join(tmpdir(), 'ghpass-killer-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const { step } = await runStepsInLab({
      kernel: 'full',
      userland: 'trixie',
      host: 'gh200',
      put: [compileKiller(directory, CROSS_COMPILER)],
      timeoutSeconds: LAB_TEST_TIMEOUT_MS / 1000,
      steps: { before: HOST_STATE, killed: killAtEveryStep(killed), after: HOST_STATE },
    });
    expect(step('before').stdout).toBe(PRISTINE);
    const { status, stdout, stderr } = step('killed');
    expect(status, stderr).toBe(0);
    const [counted = '', ...lines] = stdout.trimEnd().split('\n');
    const count = Number(/^(\d+) steps$/.exec(counted)?.[1]);
    expect(count, stdout).toBeGreaterThan(0);
    const died = Array.from({ length: count }, (_, i) => killed.deaths.map((when) => `${i + 1} ${when}`)).flat();
    expect(lines.filter((line) => line !== 'kept')).toEqual(died.map((death) => `${death}: status 137`));
    expect(lines.filter((line) => line === 'kept')).toHaveLength(killed.kept);
    expect(step('after').stdout).toBe(PRISTINE);
  },
  // Each death is two or three starts of ghpass on an emulated machine.
  2 * LAB_TEST_TIMEOUT_MS,
);
