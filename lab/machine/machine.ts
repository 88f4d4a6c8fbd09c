import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureArtifacts, selectArtifacts } from '../artifacts/all.ts';
import { firmwareFiles } from '../artifacts/firmware.ts';
import { ghpassImage } from '../artifacts/ghpass.ts';
import { type Kernel, kernelFiles } from '../artifacts/kernel.ts';
import { type LabQemu, labQemu } from '../artifacts/qemu.ts';
import { busyboxFile, type Userland, userlandImage } from '../artifacts/userland.ts';
import type { LabContext } from '../context.ts';
import type { HostDescription } from '../host-description.ts';
import { chooseAccelerator } from './accelerator.ts';
import { placeDeviceMemory } from './device-memory.ts';
import { type GpuProcess, startGpuProcess } from './gpu-process.ts';
import { makeInitrd } from './initrd.ts';
import { createOutputDisk, type Job, writeInputDisk } from './job.ts';
import { type MachineFiles, type MachineOptions, qemuArguments } from './qemu-arguments.ts';
import { withScratchDirectory } from './scratch.ts';
import { ssdtSource } from './ssdt.ts';

/** What to boot and what for. */
export interface MachinePlan {
  readonly kernel: Kernel;
  readonly userland: Userland;
  readonly host: HostDescription;
  readonly job: Job;
  /** Where L1's serial console goes. */
  readonly console: 'file' | 'terminal';
}

/** A machine that is ready to be started. */
export interface Machine {
  readonly qemu: LabQemu;
  readonly args: readonly string[];
  readonly accelerator: 'tcg' | 'kvm';
  readonly scratch: string;
  readonly stdoutFile: string;
  readonly stderrFile: string;
  readonly eventsFile: string;
  readonly outputDisk: string;
  readConsole(): Promise<string>;
}

/**
 * Makes a machine ready to be started and hands it to `work`: builds what is missing, starts the processes that play the
 * GPUs, lays out disks and memory in a scratch directory. All of that is gone when `work` is done.
 */
export async function withMachine<T>(
  lab: LabContext,
  plan: MachinePlan,
  work: (machine: Machine) => Promise<T>,
): Promise<T> {
  const { host } = plan;
  const artifacts = selectArtifacts({ ...plan, withGhpass: plan.job.withGhpass });
  const order = [artifacts.qemu, artifacts.firmware, artifacts.kernel, artifacts.userland];
  const directories = await ensureArtifacts([...order, ...(artifacts.ghpass ? [artifacts.ghpass] : [])], lab);
  return withScratchDirectory(async (scratch) => {
    lab.report('preparing the machine');
    const gpuSockets = host.gpus.map((_, index) => path.join(scratch, `gpu${index}.sock`));
    const gpus: GpuProcess[] = [];
    try {
      const starting = host.gpus.map(async (gpu, index) => {
        gpus.push(await startGpuProcess(gpu, gpuSockets[index] as string));
      });
      const [machine] = await Promise.all([
        prepareMachine(lab, { ...plan, directories, scratch, gpuSockets }),
        ...starting,
      ]);
      return await work(machine);
    } finally {
      await Promise.all(gpus.map((gpu) => gpu.stop()));
    }
  });
}

interface Preparation extends MachinePlan {
  /** Of QEMU, firmware, kernel, userland and, if wanted, ghpass. */
  readonly directories: readonly string[];
  readonly scratch: string;
  readonly gpuSockets: readonly string[];
}

async function prepareMachine(lab: LabContext, preparation: Preparation): Promise<Machine> {
  const { host, job, directories, scratch, gpuSockets } = preparation;
  const [, firmwareDirectory = '', kernelDirectory = '', userlandDirectory = '', ghpassDirectory] = directories;
  const nvdimms = placeDeviceMemory(host);
  const firmware = firmwareFiles(firmwareDirectory);
  const kernel = kernelFiles(kernelDirectory);
  const inScratch = (name: string) => path.join(scratch, name);
  await copyFile(firmware.variables, inScratch('variables.fd'));
  const memoryFiles = nvdimms.map((_, index) => inScratch(`memory${index}`));
  for (const [index, nvdimm] of nvdimms.entries())
    await createSparseFile(memoryFiles[index] as string, nvdimm.sizeBytes);
  for (const name of ['stdout', 'stderr', 'events', 'console']) await writeFile(inScratch(name), '');
  const outputDisk = await createOutputDisk(scratch);
  const files: MachineFiles = {
    firmwareCode: firmware.code,
    firmwareVariables: inScratch('variables.fd'),
    kernelImage: kernel.image,
    initrd: await makeInitrd(scratch, {
      ssdt: ssdtSource(host, nvdimms),
      busybox: busyboxFile(userlandDirectory),
      modules: kernel.initrdModules,
    }),
    disks: {
      root: { file: userlandImage(userlandDirectory), mode: 'overlay' },
      kernel: { file: kernel.fileSystem, mode: 'readOnly' },
      input: { file: await writeInputDisk(scratch, job), mode: 'readOnly' },
      output: { file: outputDisk, mode: 'readWrite' },
      ...(ghpassDirectory === undefined ? {} : { ghpass: { file: ghpassImage(ghpassDirectory), mode: 'readOnly' } }),
    },
    ports: {
      'lab.stdout': inScratch('stdout'),
      'lab.stderr': inScratch('stderr'),
      'lab.events': inScratch('events'),
    },
    memoryFiles,
    gpuSockets,
  };
  const qemu = await labQemu('qemu-system-aarch64', lab);
  const accelerator = await chooseAccelerator(qemu);
  const console: MachineOptions['console'] =
    preparation.console === 'terminal' ? 'terminal' : { file: inScratch('console') };
  return {
    qemu,
    args: [...qemu.args, ...qemuArguments({ host, nvdimms, accelerator, console, files })],
    accelerator,
    scratch,
    stdoutFile: inScratch('stdout'),
    stderrFile: inScratch('stderr'),
    eventsFile: inScratch('events'),
    outputDisk,
    readConsole: () => readFile(inScratch('console'), 'utf8'),
  };
}

async function createSparseFile(file: string, sizeBytes: bigint): Promise<void> {
  await writeFile(file, '');
  await truncate(file, Number(sizeBytes));
}
