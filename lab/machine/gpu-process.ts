import { once } from 'node:events';
import path from 'node:path';
import { execa } from 'execa';
import { LabError } from '../error.ts';
import { formatGpuFunctionSpec } from '../gpu/spec-json.ts';
import type { GpuDescription } from '../host-description.ts';
import { toolPath } from '../tool.ts';

const CHECKOUT = path.resolve(import.meta.dirname, '../..');
const REVISION_A1 = 0xa1;

/** A GPU's PCI function, played by a process of its own. */
export interface GpuProcess {
  /** Ends the process and waits for it. Safe to repeat. */
  stop(): Promise<void>;
}

/** Starts the process that plays `gpu` at `socket`, and waits until QEMU can connect. It dies with this process. */
export async function startGpuProcess(gpu: GpuDescription, socket: string): Promise<GpuProcess> {
  const ready = gpu.readiness === 'good';
  const spec = formatGpuFunctionSpec({
    deviceId: gpu.deviceId,
    subsystemId: gpu.subsystemId,
    revision: REVISION_A1,
    bar2Bytes: gpu.bar2Bytes,
    bar4Bytes: gpu.bar4Bytes,
    dvsec: gpu.dvsec,
    c2cReady: ready,
    hbmReady: ready,
  });
  const server = [process.execPath, '--import', 'tsx', 'lab/gpu/main.ts', socket, spec];
  const child = execa('setpriv', ['--pdeathsig', 'KILL', '--', ...server], {
    cwd: CHECKOUT,
    env: { PATH: toolPath() },
    reject: false,
    stdin: 'pipe',
    buffer: { stdout: false, stderr: true },
  });
  const outcome = await Promise.race([once(child.stdout, 'data').then(() => 'listening' as const), child]);
  if (outcome !== 'listening') throw new LabError(`the process that plays a GPU ended at once: ${outcome.stderr}`);
  child.stdout.resume();
  return {
    async stop() {
      child.stdin.end();
      await child;
    },
  };
}
