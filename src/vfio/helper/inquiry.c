#include "device.h"
#include "json.h"
#include "system.h"
#include "uapi.h"

#include <errno.h>
#include <string.h>

/*
 * Bounds on what a kernel can make the helper do. A PCI device has 9 regions and a few of its vendor's; a capability
 * chain is some hundred bytes, and the kernel's own answers settle in two calls.
 */
#define REGION_COUNT_MAX 256u
#define ANSWER_SIZE_MAX 65536u
#define ANSWER_ROUNDS_MAX 4

struct answer {
    size_t size;
    _Alignas(8) unsigned char bytes[ANSWER_SIZE_MAX];
};

enum outcome { ANSWERED, REFUSED, OVERSIZED };

/*
 * The argsz contract of VFIO's info ioctls: the caller states its room in argsz, the first word of the structure. Where
 * capabilities need more, the call still succeeds, leaves them out and raises argsz; the caller comes back with that
 * much room. A chain may grow in between, so that a second answer can be short as well.
 */
static enum outcome ask(int device, unsigned long request, const void *question, size_t question_size,
                        struct answer *answer)
{
    answer->size = question_size;
    for (int round = 0; round < ANSWER_ROUNDS_MAX; round++) {
        uint32_t argsz = (uint32_t)answer->size;
        memset(answer->bytes, 0, answer->size);
        memcpy(answer->bytes, question, question_size);
        memcpy(answer->bytes, &argsz, sizeof(argsz));
        if (system_ioctl(device, request, answer->bytes) < 0)
            return REFUSED;

        memcpy(&argsz, answer->bytes, sizeof(argsz));
        if (argsz <= answer->size)
            return ANSWERED;
        if (argsz > ANSWER_SIZE_MAX)
            return OVERSIZED;
        answer->size = argsz;
    }
    return OVERSIZED;
}

bool ask_region(const struct vfio_handle *handle, uint32_t index, struct vfio_region_info *info, struct failure *failure)
{
    /* Without room for the capabilities the call succeeds all the same; what it says of the region is complete. */
    *info = (struct vfio_region_info){.argsz = sizeof(*info), .index = index};
    return system_ioctl(handle->device, VFIO_DEVICE_GET_REGION_INFO, info) == 0 ||
           fail_with_errno(failure, STEP_REGION_INFO, handle->path);
}

/* Writes one element of `regions`. False ends the enumeration. */
static bool write_region(FILE *out, const struct vfio_handle *handle, uint32_t index, struct failure *failure)
{
    /* VFIO_DEVICE_GET_REGION_INFO: size, flags and file offset of region `index`, EINVAL where there is none. */
    struct vfio_region_info question = {.index = index};
    struct answer answer;
    const char *separator = index == 0 ? "" : ",";
    switch (ask(handle->device, VFIO_DEVICE_GET_REGION_INFO, &question, sizeof(question), &answer)) {
    case OVERSIZED:
        return fail_without_errno(failure, STEP_REGION_INFO_SIZE, handle->path);
    case REFUSED: {
        /* EINVAL is an answer (region 8 of a device without VGA); anything else will not be better at the next. */
        bool absent = errno == EINVAL || fail_with_errno(failure, STEP_REGION_INFO, handle->path);
        fprintf(out, "%s{\"index\":%u,\"errno\":%d}", separator, index, absent ? EINVAL : failure->error);
        return absent;
    }
    case ANSWERED:
        fprintf(out, "%s{\"index\":%u,\"info\":", separator, index);
        json_hex(out, answer.bytes, answer.size);
        fputc('}', out);
    }
    return true;
}

static void write_regions(FILE *out, const struct vfio_handle *handle, const struct vfio_device_info *info,
                          struct failure *failure)
{
    if (info->num_regions > REGION_COUNT_MAX) {
        fail_without_errno(failure, STEP_REGION_COUNT, handle->path);
        return;
    }
    bool going_on = true;
    for (uint32_t index = 0; going_on && index < info->num_regions; index++) {
        /* The kernel answers for the ROM by switching the device's memory decoding on and off. */
        if ((info->flags & VFIO_DEVICE_FLAGS_PCI) != 0 && index == VFIO_PCI_ROM_REGION_INDEX)
            fprintf(out, ",{\"index\":%u,\"skipped\":true}", index);
        else
            going_on = write_region(out, handle, index, failure);
    }
}

void write_device(FILE *out, const struct vfio_handle *handle, struct failure *failure)
{
    /* VFIO_DEVICE_GET_INFO: flags and the number of regions; kernels before the capabilities fill only 16 bytes. */
    struct vfio_device_info info = {0};
    struct answer answer;
    enum outcome outcome = ask(handle->device, VFIO_DEVICE_GET_INFO, &info, sizeof(info), &answer);

    fputs("\"deviceInfo\":", out);
    if (outcome == ANSWERED) {
        memcpy(&info, answer.bytes, sizeof(info));
        json_hex(out, answer.bytes, answer.size);
    } else {
        fputs("null", out);
        if (outcome == REFUSED)
            fail_with_errno(failure, STEP_DEVICE_INFO, handle->path);
        else
            fail_without_errno(failure, STEP_DEVICE_INFO_SIZE, handle->path);
    }
    fputs(",\"regions\":[", out);
    if (outcome == ANSWERED)
        write_regions(out, handle, &info, failure);
    fputc(']', out);
}
