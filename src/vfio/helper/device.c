#include "device.h"
#include "system.h"

#include <string.h>

const char via_cdev[] = "cdev";
const char via_group[] = "group";

const char *vfio_via_named(const char *name)
{
    if (strcmp(name, via_cdev) == 0)
        return via_cdev;
    return strcmp(name, via_group) == 0 ? via_group : NULL;
}

const char *vfio_via_possible(const char *address)
{
    return cdev_is_available(address) ? via_cdev : via_group;
}

bool vfio_open(const char *address, const char *via, struct vfio_handle *handle, struct failure *failure)
{
    char path[PATH_SIZE];
    build_path(path, "/sys/bus/pci/devices/%s", address);
    if (system_exists(path) != 0)
        return fail_with_errno(failure, STEP_DEVICE_FIND, path);
    return via == via_cdev ? cdev_open(address, handle, failure) : group_open(address, handle, failure);
}

void vfio_close(struct vfio_handle *handle)
{
    const int descriptors[] = {handle->device, handle->group, handle->iommu};
    for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
        if (descriptors[i] >= 0)
            system_close(descriptors[i]);
    }
}
