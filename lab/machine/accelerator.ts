import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { LabQemu } from '../artifacts/qemu.ts';

const PROBE_SECONDS = 10;

/** `movz w0, #8; movk w0, #0x8400, lsl #16; smc #0`: PSCI SYSTEM_OFF (Arm DEN0022, 5.1.9), called from EL2. */
const POWER_OFF_PROGRAM = Buffer.from('000180520080b072030000d4', 'hex');

/**
 * Says how L1 can be run here. Whether KVM works with nested virtualisation is tried, not looked up: the device node can
 * exist where a guest dies at its first instruction. The program powers its machine off from EL2; QEMU ends well within
 * seconds if, and only if, KVM ran it.
 */
export async function chooseAccelerator(qemu: LabQemu): Promise<'tcg' | 'kvm'> {
  if (process.arch !== 'arm64') return 'tcg';
  return (await runsPowerOffProgram(qemu, 'kvm')) ? 'kvm' : 'tcg';
}

/** Whether QEMU, with this accelerator, gets through the program that powers off from EL2. */
async function runsPowerOffProgram(qemu: LabQemu, accelerator: 'tcg' | 'kvm'): Promise<boolean> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ghpass-lab-probe-'));
  try {
    const program = path.join(directory, 'power-off.bin');
    await writeFile(program, POWER_OFF_PROGRAM);
    const machine = ['-M', 'virt,virtualization=on,gic-version=3', '-cpu', accelerator === 'kvm' ? 'host' : 'max'];
    const args = [
      '-accel',
      accelerator,
      '-nodefaults',
      '-display',
      'none',
      '-run-with',
      'exit-with-parent=on',
      '-kernel',
      program,
    ];
    const result = await execa(qemu.command, [...qemu.args, ...machine, ...args], {
      reject: false,
      stdin: 'ignore',
      timeout: PROBE_SECONDS * 1000,
      forceKillAfterDelay: 1000,
    });
    return result.exitCode === 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
