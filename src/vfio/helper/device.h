/* A VFIO device that was opened one of the two ways, and what keeps it open. */
#ifndef GHPASS_VFIO_DEVICE_H
#define GHPASS_VFIO_DEVICE_H

#include "failure.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct vfio_handle {
    int device; /* answers GET_INFO and GET_REGION_INFO; every descriptor is -1 while not open */
    int group; /* group path only */
    int iommu; /* /dev/iommu, or the container /dev/vfio/vfio */
    char path[PATH_SIZE]; /* the node through which the device was reached */
};

/* The two ways, as they are named in arguments and answers. */
extern const char via_cdev[];
extern const char via_group[];

/* The way of that name; NULL where there is none. */
const char *vfio_via_named(const char *name);
/* The way that is taken where none is asked for. Opens nothing. */
const char *vfio_via_possible(const char *address);

/* Opens the device that way. On failure the handle keeps what was opened so far: vfio_close() is due either way. */
bool vfio_open(const char *address, const char *via, struct vfio_handle *handle, struct failure *failure);

/* True where the device, /dev/iommu and the device's own node make the cdev path possible. Opens nothing. */
bool cdev_is_available(const char *address);

/* What vfio_open() does, through iommufd (cdev.c) or through the group and a type1v2 container (group.c). */
bool cdev_open(const char *address, struct vfio_handle *handle, struct failure *failure);
bool group_open(const char *address, struct vfio_handle *handle, struct failure *failure);

/* Closes what is open, the device first: the kernel resets it while its IOMMU context still exists. */
void vfio_close(struct vfio_handle *handle);

/* Asks for one region that must be there: its size, flags and offset in the device's file, no capabilities (inquiry.c). */
struct vfio_region_info;
bool ask_region(const struct vfio_handle *handle, uint32_t index, struct vfio_region_info *info,
                struct failure *failure);

/* Writes `"deviceInfo":…,"regions":[…]` of an open device, as far as it answers (inquiry.c). */
void write_device(FILE *out, const struct vfio_handle *handle, struct failure *failure);

#endif
