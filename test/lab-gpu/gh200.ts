import type { GpuFunctionSpec } from '../../lab/gpu/spec.ts';

/** A GH200 120GB whose links and memory are ready and whose kernel driver needs a carve-out. */
export const GH200: GpuFunctionSpec = {
  deviceId: 0x2342,
  subsystemId: 0x16eb,
  revision: 0xa1,
  bar2Bytes: 128n << 30n,
  bar4Bytes: 32n << 20n,
  dvsec: false,
  c2cReady: true,
  hbmReady: true,
};
