/*
 * The few kernel structures and numbers the helper needs, declared here because distribution headers are older than
 * the kernels they run on (Debian 12 has no linux/iommufd.h). Names are those of include/uapi/linux/vfio.h, iommufd.h
 * and kvm.h, checked against Linux 6.12 and 7.3. These are stable ABI: fields are only ever appended, guarded by argsz.
 */
#ifndef GHPASS_VFIO_UAPI_H
#define GHPASS_VFIO_UAPI_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* TypeScript decodes the hex as little endian, the byte order of every host that can have such a device. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the protocol's hex is little endian");

/* VFIO encodes neither size nor direction in its numbers; _IO, because "no direction" is not 0 on POWER. */
#define VFIO_IOCTL(number) _IO(';', 100 + (number))

#define VFIO_GET_API_VERSION VFIO_IOCTL(0)
#define VFIO_CHECK_EXTENSION VFIO_IOCTL(1)
#define VFIO_SET_IOMMU VFIO_IOCTL(2)
#define VFIO_GROUP_GET_STATUS VFIO_IOCTL(3)
#define VFIO_GROUP_SET_CONTAINER VFIO_IOCTL(4)
#define VFIO_GROUP_GET_DEVICE_FD VFIO_IOCTL(6)
#define VFIO_DEVICE_GET_INFO VFIO_IOCTL(7)
#define VFIO_DEVICE_GET_REGION_INFO VFIO_IOCTL(8)
#define VFIO_DEVICE_BIND_IOMMUFD VFIO_IOCTL(18)

#define VFIO_API_VERSION 0
#define VFIO_TYPE1v2_IOMMU 3
#define VFIO_GROUP_FLAGS_VIABLE (1u << 0)
#define VFIO_DEVICE_FLAGS_PCI (1u << 1)
#define VFIO_PCI_ROM_REGION_INDEX 6
#define VFIO_PCI_CONFIG_REGION_INDEX 7

#define KVM_GET_API_VERSION _IO(0xAE, 0x00)
#define KVM_CREATE_VM _IO(0xAE, 0x01)
#define KVM_CHECK_EXTENSION _IO(0xAE, 0x03)

#define KVM_CAP_ARM_VM_IPA_SIZE 165
#define KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED 243

#if defined(__x86_64__) || defined(__aarch64__)
_Static_assert(VFIO_GET_API_VERSION == 0x3b64, "VFIO_GET_API_VERSION");
_Static_assert(VFIO_CHECK_EXTENSION == 0x3b65, "VFIO_CHECK_EXTENSION");
_Static_assert(VFIO_SET_IOMMU == 0x3b66, "VFIO_SET_IOMMU");
_Static_assert(VFIO_GROUP_GET_STATUS == 0x3b67, "VFIO_GROUP_GET_STATUS");
_Static_assert(VFIO_GROUP_SET_CONTAINER == 0x3b68, "VFIO_GROUP_SET_CONTAINER");
_Static_assert(VFIO_GROUP_GET_DEVICE_FD == 0x3b6a, "VFIO_GROUP_GET_DEVICE_FD");
_Static_assert(VFIO_DEVICE_GET_INFO == 0x3b6b, "VFIO_DEVICE_GET_INFO");
_Static_assert(VFIO_DEVICE_GET_REGION_INFO == 0x3b6c, "VFIO_DEVICE_GET_REGION_INFO");
_Static_assert(VFIO_DEVICE_BIND_IOMMUFD == 0x3b76, "VFIO_DEVICE_BIND_IOMMUFD");
_Static_assert(KVM_GET_API_VERSION == 0xae00, "KVM_GET_API_VERSION");
_Static_assert(KVM_CREATE_VM == 0xae01, "KVM_CREATE_VM");
_Static_assert(KVM_CHECK_EXTENSION == 0xae03, "KVM_CHECK_EXTENSION");
#endif

struct vfio_device_info {
    uint32_t argsz;
    uint32_t flags;
    uint32_t num_regions;
    uint32_t num_irqs;
    uint32_t cap_offset;
    uint32_t pad;
};
_Static_assert(sizeof(struct vfio_device_info) == 24, "struct vfio_device_info");
_Static_assert(offsetof(struct vfio_device_info, num_regions) == 8, "vfio_device_info.num_regions");

struct vfio_region_info {
    uint32_t argsz;
    uint32_t flags;
    uint32_t index;
    uint32_t cap_offset;
    uint64_t size;
    uint64_t offset;
};
_Static_assert(sizeof(struct vfio_region_info) == 32, "struct vfio_region_info");
_Static_assert(offsetof(struct vfio_region_info, index) == 8, "vfio_region_info.index");
_Static_assert(offsetof(struct vfio_region_info, size) == 16, "vfio_region_info.size");

struct vfio_group_status {
    uint32_t argsz;
    uint32_t flags;
};
_Static_assert(sizeof(struct vfio_group_status) == 8, "struct vfio_group_status");

/* Linux 7.x appends token_uuid_ptr (24 bytes). The first 16 bytes are accepted by every kernel that has the ioctl. */
struct vfio_device_bind_iommufd {
    uint32_t argsz;
    uint32_t flags;
    int32_t iommufd;
    uint32_t out_devid;
};
_Static_assert(sizeof(struct vfio_device_bind_iommufd) == 16, "struct vfio_device_bind_iommufd");

#endif
