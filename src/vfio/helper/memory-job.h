/* The work of `memory` on one device, and how it is told. */
#ifndef GHPASS_VFIO_MEMORY_JOB_H
#define GHPASS_VFIO_MEMORY_JOB_H

#include "edges.h"
#include "memory-arguments.h"
#include "memory-enable.h"

struct job {
    struct memory_arguments *arguments;
    const struct vfio_handle *handle;
    struct failure *failure;
    struct memory_enable enable;
    struct edges edges[AREAS_MAX];
    struct bit_errors after[AREAS_MAX]; /* what probing the edges did to the boundary pages */
    size_t edges_count;
    /* For the progress. */
    const struct area *area;
    enum pattern pattern;
    bool writes;
    uint64_t bytes_before;
    uint64_t bytes_in_all;
    double start;
};

/* A line of its own on stdout, at once; `job` is a struct job, and `bytes` are those of the sweep that is going on. */
void json_progress(void *job, uint64_t bytes);

/* The whole answer. */
void json_memory(FILE *out, const struct job *job, const char *via);

#endif
