import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ensureArtifacts } from '../../lab/artifacts/all.ts';
import { cloudImageArtifact, cloudImageFile } from '../../lab/artifacts/cloud-image.ts';
import { createLabContext } from '../../lab/context.ts';
import { LAB_TEST_TIMEOUT_MS, runStepsInLab, type StepResult } from './harness.ts';
import { HOST_STATE, PRISTINE } from './host-state.ts';

const GPU = '0000:01:00.0';
/** Three boots of a whole distribution, one of them its first, emulated. */
const TIMEOUT_SECONDS = 3_000;
/** Memory that was in use before is pinned page by page: 80 s of emulated time were seen for a second start. */
const PATIENT = '--timeout 600';
const CREATE = [
  `ghpass create-vm demo --json --gpu ${GPU} --memory 1G --vcpus 2`,
  '--image "$PWD/debian.qcow2" --disk-size 2G --ssh-key /tmp/key.pub --forward 2222:22',
  PATIENT,
].join(' ');
const SSH =
  'ssh -q -i /tmp/key -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=20 debian@127.0.0.1';

/** The service that cloud-init starts last, and does not wait for. */
const HAS_REPORTED =
  'until [ "$(systemctl show -P ExecMainExitTimestampMonotonic ghpass-report)" != 0 ]; do sleep 2; done';

/** A boot has another one than the boot before. */
const BOOT_ID = 'cat /proc/sys/kernel/random/boot_id';
const REBOOT = `
before=$(${SSH} '${BOOT_ID}') || exit
${SSH} 'sudo systemctl reboot'
for try in $(seq 200); do
  now=$(${SSH} '${BOOT_ID}') && [ "$now" != "$before" ] && exec ${SSH} '${HAS_REPORTED}'
  sleep 3
done
exit 1
`;

/** Runs a command in the guest, as soon as it lets somebody in. */
const inGuest = (command: string) => `
for try in $(seq 200); do
  ${SSH} '${command}' && exit 0
  sleep 3
done
exit 1
`;

let image: string;
beforeAll(async () => {
  const [directory = ''] = await ensureArtifacts([cloudImageArtifact], createLabContext());
  image = cloudImageFile(directory);
}, 2 * LAB_TEST_TIMEOUT_MS);

test.each([
  // libvirt.test.ts reboots domains.
  { backend: 'qemu', kernel: 'full', prepare: 'true', network: '--network user', reboot: REBOOT },
  // passt locks itself up in namespaces that the lab's own kernel has not.
  { backend: 'libvirt', kernel: 'stock', prepare: 'lab-start-libvirt', network: '--network passt', reboot: 'true' },
] as const)(
  'a distribution with $backend: made of an image, logged into, verified, stopped and started; its disk keeps what was written',
  async ({ backend, kernel, prepare, network, reboot }) => {
    const { step } = await runStepsInLab({
      kernel,
      userland: 'trixie',
      host: 'gh200',
      put: [image],
      timeoutSeconds: TIMEOUT_SECONDS,
      steps: {
        prepare,
        key: 'ssh-keygen -q -t ed25519 -N "" -f /tmp/key',
        bind: `ghpass bind ${GPU}`,
        create: `${CREATE} --backend ${backend} ${network}`,
        login: inGuest(`hostname; echo kept > file; sync; cloud-init status --wait; ${HAS_REPORTED}`),
        agent: 'ghpass verify demo --via agent --json',
        console: 'ghpass verify demo --via console --json',
        reboot,
        'agent-again': 'ghpass verify demo --via agent --json',
        stop: `ghpass stop demo ${PATIENT} --json`,
        stopped: 'ghpass list --json',
        start: `ghpass start demo ${PATIENT} --json`,
        'login-again': inGuest('cat file'),
        auto: 'ghpass verify demo',
        delete: 'ghpass delete demo --yes --json',
        release: `ghpass release ${GPU}`,
        state: HOST_STATE,
      },
    });
    const plain = ['prepare', 'key', 'bind', 'create', 'reboot', 'stop', 'stopped', 'start', 'delete', 'release'];
    for (const name of plain) {
      expect({ name, ...step(name) }).toMatchObject({ status: 0 });
    }
    expect(step('login')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^demo\n/) });
    expectAsPlanned(step('agent'), 'agent');
    expectAsPlanned(step('console'), 'console');
    expectAsPlanned(step('agent-again'), 'agent');
    expect(step('login-again')).toMatchObject({ status: 0, stdout: 'kept\n' });
    expectAsInFile(step('auto'), path.join(import.meta.dirname, 'golden/verify.txt'));
    expect(step('state').stdout).toBe(PRISTINE);
  },
  2 * LAB_TEST_TIMEOUT_MS,
);

/** What people see is what README.md shows. */
function expectAsInFile({ status, stdout, stderr }: StepResult, file: string): void {
  expect(status, `${stdout}${stderr}`).toBe(0);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, stdout);
  expect(stdout).toBe(readFileSync(file, 'utf8'));
}

/** Every line of the comparison is equal, and it was asked in that way. */
function expectAsPlanned({ status, stdout, stderr }: StepResult, via: string): void {
  expect(status, `${stdout}${stderr}`).toBe(0);
  const { comparisons, ...result } = JSON.parse(stdout).result as { via: string; comparisons: { equal: boolean }[] };
  expect(result.via).toBe(via);
  expect(comparisons.length).toBeGreaterThan(8);
  expect(comparisons.filter(({ equal }) => !equal)).toEqual([]);
}
