import { bar0Bytes, type GpuFunctionSpec } from './spec.ts';

/** The configuration space of a PCI Express function. */
export const CONFIG_SPACE_BYTES = 4096;

/** Where the capabilities lie; PCI Express v2 is 60 bytes long, so the next one can start at 0x7c at the earliest. */
export const PCIE_CAPABILITY = 0x40;
export const PM_CAPABILITY = 0x80;
const EXTENDED_CAPABILITY = 0x100;

export const COMMAND = 0x04;
export const DEVICE_CONTROL = PCIE_CAPABILITY + 0x08;
export const PM_CONTROL = PM_CAPABILITY + 0x04;

const NVIDIA = 0x10de;
/** Class 03 (display), subclass 02 (3D controller), interface 00: what compute boards report. */
const CLASS_3D_CONTROLLER = 0x030200;
const STATUS_CAPABILITY_LIST = 0x10;
/** A memory BAR that is 64 bits wide (type 2) and prefetchable, so that a bridge may place it above 4 GiB. */
const BAR_64BIT_PREFETCHABLE = 0xc;

/** Function Level Reset (bit 28), role-based error reporting (bit 15), any acceptable latency (bits 6-11). */
const DEVICE_CAPABILITIES = 0x10008fc0;
/** 2.5 GT/s, four lanes, ASPM L0s and L1. */
const LINK_CAPABILITIES = 0x00000c41;
const LINK_STATUS = 0x0041;
const PM_VERSION_3 = 0x0003;

const AER_HEADER = 0x0001 | (2 << 16);
const DVSEC_HEADER = 0x0023 | (1 << 16);
const DVSEC_BYTES = 0xc;
/** DVSEC 3, bit 0: the driver then skips the carve-out of uncached memory (nvgrace-gpu, Linux 6.14). */
const DVSEC_ID_MEMORY = 3;
const DVSEC_NO_CARVE_OUT = 1;

/**
 * The 4096 bytes after a reset: a type 0 header, PCI Express with FLR, power management, and AER or NVIDIA's DVSEC.
 * The BAR registers show their type only: QEMU's vfio-user client emulates address and size itself.
 */
export function buildConfigSpace(spec: GpuFunctionSpec): Buffer {
  const config = Buffer.alloc(CONFIG_SPACE_BYTES);
  config.writeUInt16LE(NVIDIA, 0x00);
  config.writeUInt16LE(spec.deviceId, 0x02);
  config.writeUInt16LE(STATUS_CAPABILITY_LIST, 0x06);
  config.writeUInt32LE(CLASS_3D_CONTROLLER * 0x100 + spec.revision, 0x08);
  for (const [register, bytes] of barRegisters(spec)) {
    if (bytes > 0n) config.writeUInt32LE(BAR_64BIT_PREFETCHABLE, register);
  }
  config.writeUInt16LE(NVIDIA, 0x2c);
  config.writeUInt16LE(spec.subsystemId, 0x2e);
  config.writeUInt8(PCIE_CAPABILITY, 0x34);
  writePcieCapability(config);
  writePmCapability(config);
  writeExtendedCapability(config, spec.dvsec);
  return config;
}

/** The bits a client can change, one mask byte per byte of configuration space; all others are read-only. */
export function writableConfigBits(): Buffer {
  const writable = Buffer.alloc(CONFIG_SPACE_BYTES);
  writable.writeUInt16LE(0x0546, COMMAND); // memory, bus master, parity, SERR, interrupt disable; no I/O BAR, so not bit 0
  writable.writeUInt8(0xff, 0x3c); // interrupt line
  writable.writeUInt16LE(0x7fff, DEVICE_CONTROL); // bit 15 starts the FLR and always reads 0
  writable.writeUInt16LE(0x01fb, PCIE_CAPABILITY + 0x10); // link control
  writable.writeUInt16LE(0xffff, PCIE_CAPABILITY + 0x28); // device control 2
  writable.writeUInt16LE(0x0003, PM_CONTROL); // power state
  return writable;
}

function barRegisters(spec: GpuFunctionSpec): [register: number, bytes: bigint][] {
  return [
    [0x10, bar0Bytes(spec)],
    [0x18, spec.bar2Bytes],
    [0x20, spec.bar4Bytes],
  ];
}

function writePcieCapability(config: Buffer): void {
  config.writeUInt8(0x10, PCIE_CAPABILITY);
  config.writeUInt8(PM_CAPABILITY, PCIE_CAPABILITY + 0x01);
  config.writeUInt16LE(0x0002, PCIE_CAPABILITY + 0x02);
  config.writeUInt32LE(DEVICE_CAPABILITIES, PCIE_CAPABILITY + 0x04);
  config.writeUInt32LE(LINK_CAPABILITIES, PCIE_CAPABILITY + 0x0c);
  config.writeUInt16LE(LINK_STATUS, PCIE_CAPABILITY + 0x12);
}

function writePmCapability(config: Buffer): void {
  config.writeUInt8(0x01, PM_CAPABILITY);
  config.writeUInt16LE(PM_VERSION_3, PM_CAPABILITY + 0x02);
}

function writeExtendedCapability(config: Buffer, dvsec: boolean): void {
  if (!dvsec) {
    config.writeUInt32LE(AER_HEADER, EXTENDED_CAPABILITY);
    return;
  }
  config.writeUInt32LE(DVSEC_HEADER, EXTENDED_CAPABILITY);
  config.writeUInt32LE(NVIDIA | (DVSEC_BYTES << 20), EXTENDED_CAPABILITY + 0x4);
  config.writeUInt16LE(DVSEC_ID_MEMORY, EXTENDED_CAPABILITY + 0x8);
  config.writeUInt16LE(DVSEC_NO_CARVE_OUT, EXTENDED_CAPABILITY + 0xa);
}
