/* What the kernel answers around a memory area: mapping behind it, the padding up to the end of the region, behind that. */
#ifndef GHPASS_VFIO_EDGES_H
#define GHPASS_VFIO_EDGES_H

#include "area.h"

#define EDGES_SAMPLE 64
#define EDGES_SAMPLES_MAX 2

/* What one pread or pwrite came to. */
struct transfer {
    size_t count; /* 0 where it failed */
    int error;
};

/* A place in the padding: read, written with zeros, read again. */
struct padding_sample {
    uint64_t offset; /* in the region */
    struct transfer read;
    struct transfer written;
    struct transfer read_again;
    unsigned char bytes[EDGES_SAMPLE];
    unsigned char bytes_again[EDGES_SAMPLE];
};

struct edges {
    int map_beyond; /* errno of mapping the page behind the area; 0: it can be mapped */
    int map_across; /* errno of mapping that page together with the one before it */
    struct padding_sample padding[EDGES_SAMPLES_MAX];
    size_t padding_count; /* 0 where the area fills its region */
    struct transfer read_at_end; /* behind the region */
    struct transfer write_at_end;
};

void probe_edges(const struct area *area, const struct vfio_handle *handle, struct edges *edges);

/* Writes {"mapBeyond":…}. */
void json_edges(FILE *out, const struct edges *edges);

#endif
