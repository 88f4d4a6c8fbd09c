#include "device.h"
#include "names.h"
#include "system.h"
#include "uapi.h"

#include <fcntl.h>
#include <string.h>

static const char container_path[] = "/dev/vfio/vfio";

/* The group's node is named after the last component of the device's iommu_group link. */
static bool find_node(const char *address, char node[PATH_SIZE], struct failure *failure)
{
    char link[PATH_SIZE];
    build_path(link, "/sys/bus/pci/devices/%s/iommu_group", address);

    char target[4096];
    ssize_t length = system_readlink(link, target, sizeof(target) - 1);
    if (length < 0)
        return fail_with_errno(failure, STEP_GROUP_FIND, link);
    target[length] = '\0';

    const char *slash = strrchr(target, '/');
    const char *group = slash == NULL ? target : slash + 1;
    if (!is_numbered(group, ""))
        return fail_without_errno(failure, STEP_GROUP_FIND, link);

    /* A noiommu group translates nothing, is no use to a guest, and taints the kernel when opened: leave it shut. */
    char noiommu[PATH_SIZE];
    build_path(noiommu, "/dev/vfio/noiommu-%s", group);
    if (system_exists(noiommu) == 0)
        return fail_without_errno(failure, STEP_GROUP_NOIOMMU, noiommu);

    build_path(node, "/dev/vfio/%s", group);
    return true;
}

static bool open_container(struct vfio_handle *handle, struct failure *failure)
{
    handle->iommu = system_open(container_path, O_RDWR);
    if (handle->iommu < 0)
        return fail_with_errno(failure, STEP_CONTAINER_OPEN, container_path);

    /* VFIO_GET_API_VERSION returns VFIO_API_VERSION, 0 since the interface exists. */
    int version = system_ioctl_value(handle->iommu, VFIO_GET_API_VERSION, 0);
    if (version < 0)
        return fail_with_errno(failure, STEP_CONTAINER_VERSION, container_path);
    if (version != VFIO_API_VERSION)
        return fail_without_errno(failure, STEP_CONTAINER_VERSION, container_path);

    /* VFIO_CHECK_EXTENSION returns 1 where the IOMMU driver is there, loading it if it must, and 0 where it is not. */
    int supported = system_ioctl_value(handle->iommu, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU);
    if (supported < 0)
        return fail_with_errno(failure, STEP_CONTAINER_TYPE1V2, container_path);
    if (supported == 0)
        return fail_without_errno(failure, STEP_CONTAINER_TYPE1V2, container_path);
    return true;
}

static bool open_group(struct vfio_handle *handle, struct failure *failure)
{
    handle->group = system_open(handle->path, O_RDWR);
    if (handle->group < 0)
        return fail_with_errno(failure, STEP_GROUP_OPEN, handle->path);

    /* VFIO_GROUP_GET_STATUS: VIABLE is clear while any function of the group has a driver that does its own DMA. */
    struct vfio_group_status status = {.argsz = sizeof(status)};
    if (system_ioctl(handle->group, VFIO_GROUP_GET_STATUS, &status) < 0)
        return fail_with_errno(failure, STEP_GROUP_STATUS, handle->path);
    if ((status.flags & VFIO_GROUP_FLAGS_VIABLE) == 0)
        return fail_without_errno(failure, STEP_GROUP_VIABLE, handle->path);
    return true;
}

bool group_open(const char *address, struct vfio_handle *handle, struct failure *failure)
{
    if (!find_node(address, handle->path, failure) || !open_container(handle, failure) || !open_group(handle, failure))
        return false;

    /* VFIO_GROUP_SET_CONTAINER takes a pointer to the container's descriptor and claims DMA ownership of the group. */
    int container = handle->iommu;
    if (system_ioctl(handle->group, VFIO_GROUP_SET_CONTAINER, &container) < 0)
        return fail_with_errno(failure, STEP_GROUP_CONTAINER, handle->path);

    /* VFIO_SET_IOMMU is possible only once a group is in the container; without it GET_DEVICE_FD is EINVAL. */
    if (system_ioctl_value(handle->iommu, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
        return fail_with_errno(failure, STEP_CONTAINER_IOMMU, container_path);

    /*
     * VFIO_GROUP_GET_DEVICE_FD takes the device's name as a string, which the kernel only reads, opens the device (this
     * is where it is reset) and returns a new descriptor.
     */
    char name[PATH_SIZE];
    build_path(name, "%s", address);
    handle->device = system_ioctl(handle->group, VFIO_GROUP_GET_DEVICE_FD, name);
    if (handle->device < 0)
        return fail_with_errno(failure, STEP_GROUP_DEVICE, handle->path);
    return true;
}
