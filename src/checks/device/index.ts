import { acpiDsdMissing } from './acpi-dsd-missing.ts';
import { acpiDuplicateRange } from './acpi-duplicate-range.ts';
import { acpiUnreadable } from './acpi-unreadable.ts';
import { acpiVfioMismatch } from './acpi-vfio-mismatch.ts';
import { bar0TooSmall } from './bar0-too-small.ts';
import { bar2LayoutUnknown } from './bar2-layout-unknown.ts';
import { bar2LengthShort } from './bar2-length-short.ts';
import { bar2RegionMismatch } from './bar2-region-mismatch.ts';
import { deviceNameConflict } from './device-name-conflict.ts';
import { deviceUnexpected } from './device-unexpected.ts';
import { deviceUnknownId } from './device-unknown-id.ts';
import { driverBindEinval } from './driver-bind-einval.ts';
import { driverBindEoverflow } from './driver-bind-eoverflow.ts';
import { driverGenericBound } from './driver-generic-bound.ts';
import { driverNewId } from './driver-new-id.ts';
import { driverNoCoherent } from './driver-no-coherent.ts';
import { driverOverrideLost } from './driver-override-lost.ts';
import { driverUnbound } from './driver-unbound.ts';
import type { DeviceCheck } from './facts.ts';
import { giCount } from './gi-count.ts';
import { gpuVfsEnabled } from './gpu-vfs-enabled.ts';
import { iommuGroupMissing } from './iommu-group-missing.ts';
import { iommuGroupNotViable } from './iommu-group-not-viable.ts';
import { iommuRmrDirect } from './iommu-rmr-direct.ts';
import { kernelFallbackLeak } from './kernel-fallback-leak.ts';
import { memPageAlign } from './mem-page-align.ts';
import { nvidiaHolders } from './nvidia-holders.ts';
import { nvidiaMemoryOnline } from './nvidia-memory-online.ts';
import { nvlink2Bridges } from './nvlink2-bridges.ts';
import { powerD3cold } from './power-d3cold.ts';
import { resetDeadConfig } from './reset-dead-config.ts';
import { resetNone } from './reset-none.ts';
import { romBar } from './rom-bar.ts';
import { stackNvlink2 } from './stack-nvlink2.ts';
import { stackPadBars } from './stack-pad-bars.ts';
import { undoPartial } from './undo-partial.ts';
import { vfioNotOpened } from './vfio-not-opened.ts';
import { vfioBusy, vfioOpenFailed, vfioPerms } from './vfio-open.ts';
import { vfioProbeReset } from './vfio-probe-reset.ts';

/** What is checked of each GPU, the cause before its consequences. */
export const DEVICE_CHECKS: readonly DeviceCheck[] = [
  undoPartial,
  resetDeadConfig,
  powerD3cold,
  acpiUnreadable,
  acpiDsdMissing,
  acpiDuplicateRange,
  deviceUnknownId,
  deviceNameConflict,
  bar0TooSmall,
  driverBindEoverflow,
  driverBindEinval,
  driverUnbound,
  driverOverrideLost,
  driverGenericBound,
  driverNewId,
  gpuVfsEnabled,
  nvidiaHolders,
  nvidiaMemoryOnline,
  iommuGroupMissing,
  iommuGroupNotViable,
  iommuRmrDirect,
  resetNone,
  kernelFallbackLeak,
  vfioNotOpened,
  vfioPerms,
  vfioBusy,
  vfioOpenFailed,
  vfioProbeReset,
  driverNoCoherent,
  bar2LayoutUnknown,
  bar2RegionMismatch,
  acpiVfioMismatch,
  bar2LengthShort,
  memPageAlign,
  stackPadBars,
  stackNvlink2,
  nvlink2Bridges,
  deviceUnexpected,
  giCount,
  romBar,
];
