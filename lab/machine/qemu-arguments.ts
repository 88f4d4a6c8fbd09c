import type { HostDescription } from '../host-description.ts';
import { maximalMemoryBytes, type Nvdimm, RAM_BYTES } from './device-memory.ts';
import { gpuSlot } from './pci-slots.ts';

/** What L1 is made of, as paths on L0. */
export interface MachineFiles {
  readonly firmwareCode: string;
  /** A copy of one's own: the firmware writes into it. */
  readonly firmwareVariables: string;
  readonly kernelImage: string;
  readonly initrd: string;
  /** Disks by serial number; `overlay` ones take writes that are thrown away. */
  readonly disks: Readonly<Record<string, { file: string; mode: 'overlay' | 'readOnly' | 'readWrite' }>>;
  /** Files that L1 writes into, by the name of the virtio-serial port. */
  readonly ports: Readonly<Record<string, string>>;
  /** Backing files of the device memory and sockets of the functions, one each per GPU. */
  readonly memoryFiles: readonly string[];
  readonly gpuSockets: readonly string[];
}

export interface MachineOptions {
  readonly host: HostDescription;
  readonly nvdimms: readonly Nvdimm[];
  readonly accelerator: 'tcg' | 'kvm';
  /** A file, or this terminal. */
  readonly console: { file: string } | 'terminal';
  readonly files: MachineFiles;
}

/**
 * The command line of L1's QEMU, without the program: QEMU's arm `virt` machine with what makes it a Grace host. Written
 * for QEMU 11.1.
 */
export function qemuArguments(options: MachineOptions): string[] {
  const { files } = options;
  return [
    ...machineArguments(options),
    ...firmwareArguments(files),
    ...Object.entries(files.disks).flatMap(([serial, disk]) => diskArguments(serial, disk)),
    ...portArguments(files.ports),
    ...consoleArguments(options.console),
    ...options.nvdimms.flatMap((nvdimm, index) => nvdimmArguments(nvdimm, index, files.memoryFiles[index] ?? '')),
    // Not iommu=smmuv3: QEMU's vfio-user client wants an IOMMU that tells it of every mapping.
    ...['-device', 'virtio-iommu-pci,granule=4k,aw-bits=48,bus=pcie.0,addr=0f.0'],
    ...options.host.gpus.flatMap((gpu, index) =>
      gpuArguments(gpu.behindRootPort, index, files.gpuSockets[index] ?? ''),
    ),
  ];
}

function machineArguments({ nvdimms, accelerator }: MachineOptions): string[] {
  const hotplug = nvdimms.length === 0 ? '' : `,slots=${nvdimms.length},maxmem=${maximalMemoryBytes(nvdimms)}B`;
  return [
    ...['-M', 'virt,virtualization=on,gic-version=3,highmem-mmio-size=1T,nvdimm=on'],
    ...(accelerator === 'kvm'
      ? ['-accel', 'kvm', '-cpu', 'host']
      : // Nothing here needs pointer authentication and vectors of variable length, and emulating them costs a fifth.
        ['-accel', 'tcg,thread=multi', '-cpu', 'max,pauth=off,sve=off,sme=off']),
    ...['-smp', '2', '-m', `${RAM_BYTES >> 20n}M${hotplug}`],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    // The kernel kills QEMU with its parent, also when that was killed.
    ...['-run-with', 'exit-with-parent=on'],
  ];
}

function firmwareArguments(files: MachineFiles): string[] {
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${escaped(files.firmwareCode)}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${escaped(files.firmwareVariables)}`],
    ...['-kernel', files.kernelImage, '-initrd', files.initrd],
    // panic=-1 with -no-reboot: a kernel that panics ends QEMU at once.
    ...['-append', 'console=ttyAMA0 loglevel=4 panic=-1 init_on_alloc=0'],
  ];
}

function diskArguments(serial: string, { file, mode }: MachineFiles['disks'][string]): string[] {
  const access = { overlay: 'snapshot=on', readOnly: 'readonly=on', readWrite: 'cache=unsafe' }[mode];
  return [
    ...['-drive', `if=none,id=disk-${serial},format=raw,${access},file=${escaped(file)}`],
    ...['-device', `virtio-blk-pci,drive=disk-${serial},serial=${serial}`],
  ];
}

function portArguments(ports: MachineFiles['ports']): string[] {
  const entries = Object.entries(ports);
  if (entries.length === 0) return [];
  return [
    ...['-device', 'virtio-serial-pci'],
    ...entries.flatMap(([name, file], index) => [
      ...['-chardev', `file,id=port${index},path=${escaped(file)}`],
      ...['-device', `virtserialport,chardev=port${index},name=${name}`],
    ]),
  ];
}

function consoleArguments(console: MachineOptions['console']): string[] {
  if (console === 'terminal') return ['-serial', 'mon:stdio'];
  return ['-chardev', `file,id=console,path=${escaped(console.file)}`, '-serial', 'chardev:console'];
}

function nvdimmArguments({ base, sizeBytes }: Nvdimm, index: number, file: string): string[] {
  return [
    ...['-object', `memory-backend-file,id=gpumem${index},size=${sizeBytes}B,mem-path=${escaped(file)},share=on`],
    ...['-device', `nvdimm,id=nvdimm${index},memdev=gpumem${index},addr=0x${base.toString(16)}`],
  ];
}

function gpuArguments(behindRootPort: boolean, index: number, socket: string): string[] {
  const slot = gpuSlot(index).toString(16);
  const device = (bus: string, addr: string) =>
    JSON.stringify({ driver: 'vfio-user-pci', socket: { type: 'unix', path: socket }, bus, addr, rombar: 0 });
  if (!behindRootPort) return ['-device', device('pcie.0', `${slot}.0`)];
  return [
    ...['-device', `pcie-root-port,id=port${slot},bus=pcie.0,addr=${slot}.0,chassis=${index + 1}`],
    ...['-device', device(`port${slot}`, '00.0')],
  ];
}

/** In QEMU's option strings a comma inside a value is written twice. */
function escaped(value: string): string {
  return value.replaceAll(',', ',,');
}
