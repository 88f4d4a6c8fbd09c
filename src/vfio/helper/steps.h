/*
 * The closed set of steps at which a verb can stop: one per system call that can fail, and one per answer that ends the
 * work although the call succeeded (errno is then 0). `ghpass-vfio steps` prints the names; README.md explains them.
 */
#ifndef GHPASS_VFIO_STEPS_H
#define GHPASS_VFIO_STEPS_H

#define STEPS(STEP)                                                                                                    \
    STEP(STEP_ADDRESS_FORMAT, "address-format")                                                                        \
    STEP(STEP_DRIVER_FORMAT, "driver-format")                                                                          \
    STEP(STEP_DEVICE_FIND, "device-find")                                                                              \
    STEP(STEP_CDEV_FIND, "cdev-find")                                                                                  \
    STEP(STEP_CDEV_NOIOMMU, "cdev-noiommu")                                                                            \
    STEP(STEP_IOMMUFD_OPEN, "iommufd-open")                                                                            \
    STEP(STEP_CDEV_OPEN, "cdev-open")                                                                                  \
    STEP(STEP_IOMMUFD_BIND, "iommufd-bind")                                                                            \
    STEP(STEP_GROUP_FIND, "group-find")                                                                                \
    STEP(STEP_GROUP_NOIOMMU, "group-noiommu")                                                                          \
    STEP(STEP_CONTAINER_OPEN, "container-open")                                                                        \
    STEP(STEP_CONTAINER_VERSION, "container-version")                                                                  \
    STEP(STEP_CONTAINER_TYPE1V2, "container-type1v2")                                                                  \
    STEP(STEP_GROUP_OPEN, "group-open")                                                                                \
    STEP(STEP_GROUP_STATUS, "group-status")                                                                            \
    STEP(STEP_GROUP_VIABLE, "group-viable")                                                                            \
    STEP(STEP_GROUP_CONTAINER, "group-container")                                                                      \
    STEP(STEP_CONTAINER_IOMMU, "container-iommu")                                                                      \
    STEP(STEP_GROUP_DEVICE, "group-device")                                                                            \
    STEP(STEP_DEVICE_INFO, "device-info")                                                                              \
    STEP(STEP_DEVICE_INFO_SIZE, "device-info-size")                                                                    \
    STEP(STEP_REGION_COUNT, "region-count")                                                                            \
    STEP(STEP_REGION_INFO, "region-info")                                                                              \
    STEP(STEP_REGION_INFO_SIZE, "region-info-size")                                                                    \
    STEP(STEP_CPU_AFFINITY, "cpu-affinity")                                                                            \
    STEP(STEP_MEMORY_ENABLE, "memory-enable")                                                                          \
    STEP(STEP_AREA_MAP, "area-map")                                                                                    \
    STEP(STEP_AREA_TAIL, "area-tail")                                                                                  \
    STEP(STEP_MEMORY_ACCESS, "memory-access")                                                                          \
    STEP(STEP_INTERRUPTED, "interrupted")                                                                              \
    STEP(STEP_DRIVER_BIND_OPEN, "driver-bind-open")                                                                    \
    STEP(STEP_DRIVER_BIND, "driver-bind")                                                                              \
    STEP(STEP_DRIVER_UNBIND_OPEN, "driver-unbind-open")                                                                \
    STEP(STEP_DRIVER_UNBIND, "driver-unbind")                                                                          \
    STEP(STEP_DRIVER_OVERRIDE_OPEN, "driver-override-open")                                                            \
    STEP(STEP_DRIVER_OVERRIDE, "driver-override")                                                                      \
    STEP(STEP_KVM_OPEN, "kvm-open")                                                                                    \
    STEP(STEP_KVM_VERSION, "kvm-version")                                                                              \
    STEP(STEP_KVM_IPA_SIZE, "kvm-ipa-size")                                                                            \
    STEP(STEP_KVM_CREATE_VM, "kvm-create-vm")                                                                          \
    STEP(STEP_KVM_CACHEABLE_PFNMAP, "kvm-cacheable-pfnmap")

#define STEP_AS_ENUMERATOR(identifier, name) identifier,
enum step { STEPS(STEP_AS_ENUMERATOR) STEP_COUNT };
#undef STEP_AS_ENUMERATOR

/* The name of a step in the protocol. */
const char *step_name(enum step step);

#endif
