import { expect, test } from 'vitest';
import { LAB_TEST_TIMEOUT_MS, runStepsInLab } from './harness.ts';
import { HOST_STATE, PRISTINE } from './host-state.ts';

/** Starts a smoke run and waits until its guest boots. */
const START_SMOKE = `
ghpass smoke --bind --vcpus 1 --memory 1G > /dev/null 2> /tmp/smoke.log &
smoke=$!
until grep -q 'the guest boots' /tmp/smoke.log; do kill -0 $smoke || { cat /tmp/smoke.log; exit 99; }; sleep 0.5; done
`;

test(
  'a busy device, Ctrl-C and kill -9 in the middle of a smoke run',
  async () => {
    const { step } = await runStepsInLab({
      kernel: 'full',
      userland: 'trixie',
      host: 'gh200',
      steps: {
        busy: `${START_SMOKE} ghpass probe --json; echo "$?" > /tmp/probe.status; kill -INT $smoke; wait $smoke`,
        probeStatus: 'cat /tmp/probe.status',
        afterInterrupt: HOST_STATE,
        killed: `${START_SMOKE} kill -KILL $smoke; wait $smoke; sleep 1; ${HOST_STATE}`,
        recover: 'ghpass recover',
        afterRecover: HOST_STATE,
        again: 'ghpass recover',
      },
    });
    expect(step('busy').status).toBe(130);
    expect(step('probeStatus').stdout.trim()).toBe('1');
    const probe = JSON.parse(step('busy').stdout);
    expect(probe.findings.map(({ id }: { id: string }) => id)).toContain('vfio.busy');
    expect(probe.result.gpus[0]).toMatchObject({ sizes: 'predicted', coherentMemory: { sources: ['acpi'] } });
    expect(step('afterInterrupt').stdout).toBe(PRISTINE);
    expect(step('killed').stdout).toMatch(/driver=nvgrace_gpu_vfio_pci override=nvgrace_gpu_vfio_pci\n.*qemu/);
    expect(step('recover').stdout).toMatch(
      /^guest-smoke-\d+: what ghpass smoke had changed is undone\n0000:01:00\.0: what ghpass smoke had changed is undone\n$/,
    );
    expect(step('afterRecover').stdout).toBe(PRISTINE);
    expect(step('again').stdout).toBe('nothing was left behind\n');
  },
  LAB_TEST_TIMEOUT_MS,
);
