#include "device.h"
#include "system.h"

void vfio_close(struct vfio_handle *handle)
{
    const int descriptors[] = {handle->device, handle->group, handle->iommu};
    for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
        if (descriptors[i] >= 0)
            system_close(descriptors[i]);
    }
}
