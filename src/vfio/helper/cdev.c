#include "device.h"
#include "names.h"
#include "system.h"
#include "uapi.h"

#include <errno.h>
#include <fcntl.h>

static const char iommufd_path[] = "/dev/iommu";

/* vfio-dev/ of a device has one entry, named as its node in /dev/vfio/devices; noiommu has a prefix (Linux 7.3). */
static bool find_node(const char *address, char node[PATH_SIZE], struct failure *failure)
{
    char directory_path[PATH_SIZE];
    build_path(directory_path, "/sys/bus/pci/devices/%s/vfio-dev", address);

    struct system_directory *directory = system_opendir(directory_path);
    if (directory == NULL)
        return fail_with_errno(failure, STEP_CDEV_FIND, directory_path);

    bool found = false;
    bool noiommu = false;
    const char *name;
    while (!found && !noiommu && (name = system_readdir(directory)) != NULL) {
        found = is_numbered(name, "vfio");
        noiommu = is_numbered(name, "noiommu-vfio");
        if (found || noiommu)
            build_path(node, "/dev/vfio/devices/%s", name);
    }
    if (noiommu)
        fail_without_errno(failure, STEP_CDEV_NOIOMMU, node);
    else if (!found)
        fail_with_errno(failure, STEP_CDEV_FIND, directory_path);
    system_closedir(directory);
    return found;
}

bool cdev_is_available(const char *address)
{
    char node[PATH_SIZE];
    struct failure unused = {0};
    return find_node(address, node, &unused) && system_exists(iommufd_path) == 0 && system_exists(node) == 0;
}

bool cdev_open(const char *address, struct vfio_handle *handle, struct failure *failure)
{
    if (!find_node(address, handle->path, failure))
        return false;

    handle->iommu = system_open(iommufd_path, O_RDWR);
    if (handle->iommu < 0)
        return fail_with_errno(failure, STEP_IOMMUFD_OPEN, iommufd_path);

    handle->device = system_open(handle->path, O_RDWR);
    if (handle->device < 0)
        return fail_with_errno(failure, STEP_CDEV_OPEN, handle->path);

    /*
     * VFIO_DEVICE_BIND_IOMMUFD claims DMA ownership and opens the device; until then every other ioctl is EINVAL. No
     * ATTACH_IOMMUFD_PT is needed: GET_INFO and GET_REGION_INFO do not ask for an address space. argsz 16 is the first
     * version of the structure and stays valid (drivers/vfio/device_cdev.c: minsz = offsetofend(out_devid)).
     */
    struct vfio_device_bind_iommufd bind = {.argsz = sizeof(bind), .iommufd = handle->iommu};
    if (system_ioctl(handle->device, VFIO_DEVICE_BIND_IOMMUFD, &bind) < 0)
        return fail_with_errno(failure, STEP_IOMMUFD_BIND, handle->path);
    return true;
}
