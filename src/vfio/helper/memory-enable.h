/* Memory decoding of the device: the bit Memory Space Enable of its PCI command register, through the config region. */
#ifndef GHPASS_VFIO_MEMORY_ENABLE_H
#define GHPASS_VFIO_MEMORY_ENABLE_H

#include "device.h"

#include <stdint.h>

struct memory_enable {
    uint64_t position; /* of the register in the device's file */
    int command; /* as it was found; -1 where it could not be read */
    bool changed;
};

/*
 * Switches decoding on where it is off. The special regions of nvgrace ignore it, but for the first access after a reset
 * (Linux 6.19), which then is EIO or SIGBUS; regions that vfio-pci-core answers refuse every access.
 */
bool memory_enable(const struct vfio_handle *handle, struct memory_enable *enable, struct failure *failure);

/* Puts the register back as it was found. */
void memory_enable_restore(const struct vfio_handle *handle, const struct memory_enable *enable);

#endif
