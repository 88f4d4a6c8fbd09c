/* A part of a region that is memory and may be mapped: writing and verifying it, whole or by its boundary pages. */
#ifndef GHPASS_VFIO_AREA_H
#define GHPASS_VFIO_AREA_H

#include "device.h"
#include "sweep.h"

#define AREA_PATTERNS_MAX 2

/* One pattern, written and then verified. */
struct round {
    enum pattern pattern;
    struct swept written;
    struct swept verified;
};

struct area {
    /* As asked for. */
    uint32_t region;
    uint64_t offset; /* in the region */
    uint64_t size;
    bool cached; /* else write-combined */
    /* As found. */
    uint64_t file_offset; /* of the area, in the device's file: what PATTERN_ADDRESS writes into its first word */
    uint64_t region_size;
    unsigned char *memory; /* the whole pages of the area; NULL while not mapped */
    uint64_t mapped;
    struct round rounds[AREA_PATTERNS_MAX];
    size_t round_count;
};

/* Asks for the area's region and maps the area's whole pages. */
bool area_map(struct area *area, const struct vfio_handle *handle, struct failure *failure);
void area_unmap(struct area *area);

/* Which part of an area, and how. */
struct area_work {
    enum pattern pattern;
    bool writes; /* else it verifies */
    bool whole; /* else its first, its last, and the pages on both sides of each power of two */
    unsigned int threads;
    const atomic_bool *stop;
    void (*progress)(void *context, uint64_t bytes);
    void *context;
};

/*
 * What no page holds, at the end of an area that is not a whole number of them, is read and written through the file.
 * Without success of that, or where the bus refuses an access, there is a failure.
 */
struct swept area_sweep(const struct area *area, const struct vfio_handle *handle, const struct area_work *work,
                        struct failure *failure);

/* Bytes that area_sweep() covers of a mapped area. */
uint64_t area_covered(const struct area *area, bool whole);

#endif
