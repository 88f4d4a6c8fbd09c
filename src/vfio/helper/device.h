/* A VFIO device that was opened one of the two ways, and what keeps it open. */
#ifndef GHPASS_VFIO_DEVICE_H
#define GHPASS_VFIO_DEVICE_H

#include "failure.h"

#include <stdbool.h>
#include <stdio.h>

struct vfio_handle {
    int device; /* answers GET_INFO and GET_REGION_INFO; every descriptor is -1 while not open */
    int group; /* group path only */
    int iommu; /* /dev/iommu, or the container /dev/vfio/vfio */
    char path[PATH_SIZE]; /* the node through which the device was reached */
};

/* True where the device, /dev/iommu and the device's own node make the cdev path possible. Opens nothing. */
bool cdev_is_available(const char *address);

/*
 * Open the device through iommufd (cdev.c) or through its group and a type1v2 container (group.c). On failure the
 * handle keeps what was opened so far: vfio_close() is due either way.
 */
bool cdev_open(const char *address, struct vfio_handle *handle, struct failure *failure);
bool group_open(const char *address, struct vfio_handle *handle, struct failure *failure);

/* Closes what is open, the device first: the kernel resets it while its IOMMU context still exists. */
void vfio_close(struct vfio_handle *handle);

/* Writes `"deviceInfo":…,"regions":[…]` of an open device, as far as it answers (inquiry.c). */
void write_device(FILE *out, const struct vfio_handle *handle, struct failure *failure);

#endif
