#include "memory-enable.h"
#include "system.h"
#include "uapi.h"

/* PCI_COMMAND and PCI_COMMAND_MEMORY of include/uapi/linux/pci_regs.h; the register is little endian, as the host is. */
#define PCI_COMMAND 4
#define PCI_COMMAND_MEMORY 0x2

static bool put_command(const struct vfio_handle *handle, uint64_t position, uint16_t command, struct failure *failure)
{
    const ssize_t written = system_pwrite(handle->device, &command, sizeof(command), position);
    if (written < 0)
        return fail_with_errno(failure, STEP_MEMORY_ENABLE, handle->path);
    return written == sizeof(command) || fail_without_errno(failure, STEP_MEMORY_ENABLE, handle->path);
}

bool memory_enable(const struct vfio_handle *handle, struct memory_enable *enable, struct failure *failure)
{
    struct vfio_region_info config;
    if (!ask_region(handle, VFIO_PCI_CONFIG_REGION_INDEX, &config, failure))
        return false;
    enable->position = config.offset + PCI_COMMAND;

    uint16_t command;
    const ssize_t count = system_pread(handle->device, &command, sizeof(command), enable->position);
    if (count < 0)
        return fail_with_errno(failure, STEP_MEMORY_ENABLE, handle->path);
    if (count != sizeof(command))
        return fail_without_errno(failure, STEP_MEMORY_ENABLE, handle->path);
    enable->command = command;
    if ((command & PCI_COMMAND_MEMORY) != 0)
        return true;
    enable->changed = put_command(handle, enable->position, command | PCI_COMMAND_MEMORY, failure);
    return enable->changed;
}

void memory_enable_restore(const struct vfio_handle *handle, const struct memory_enable *enable)
{
    struct failure unused = {0};
    if (enable->changed)
        put_command(handle, enable->position, (uint16_t)enable->command, &unused);
}
