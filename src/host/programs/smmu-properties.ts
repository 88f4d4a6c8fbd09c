/** Properties of `arm-smmuv3` without which there is no accelerated one in front of a bus (QEMU 10.2 and 11.0). */
export const ACCELERATED_SMMU: readonly string[] = ['primary-bus', 'accel', 'ats', 'ril', 'ssidsize', 'oas'];
/** Property for the command queues of Tegra241 (QEMU 11.1). */
export const COMMAND_QUEUES = 'cmdqv';
/** Those that ghpass asks a QEMU for. */
export const SMMU_PROPERTIES: readonly string[] = [...ACCELERATED_SMMU, COMMAND_QUEUES];
