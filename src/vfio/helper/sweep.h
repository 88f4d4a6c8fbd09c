/* Writes a pattern over memory, or verifies it, with several threads. Knows nothing of VFIO: the benchmark uses it, too. */
#ifndef GHPASS_VFIO_SWEEP_H
#define GHPASS_VFIO_SWEEP_H

#include "bus-error.h"
#include "pattern.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SWEEP_THREADS_MAX 256

/* Memory in one piece, aligned to PATTERN_ALIGNMENT and a multiple of PATTERN_BLOCK. */
struct span {
    unsigned char *memory;
    uint64_t size;
    uint64_t address; /* what PATTERN_ADDRESS writes into the first word */
    uint64_t flushed; /* bytes at the end that are flushed from the caches when they have been written */
};

struct sweep {
    const struct span *spans;
    size_t span_count;
    enum pattern pattern;
    bool writes; /* else it verifies */
    unsigned int threads; /* at most this many; 0: the calling thread does the work, and no progress is told */
    const atomic_bool *stop; /* checked after every few MiB */
    void (*progress)(void *context, uint64_t bytes); /* about once in a second, from the calling thread */
    void *context;
};

struct swept {
    uint64_t bytes; /* written or verified; less than all of them where it was stopped or the bus refused */
    double seconds;
    unsigned int threads; /* that did the work */
    struct bit_errors errors;
    struct bus_error bus_error;
    uint64_t bus_error_address; /* in terms of the spans' addresses; only where bus_error.happened */
};

struct swept sweep_memory(const struct sweep *sweep);

/* Seconds of a clock that is never set. */
double seconds_now(void);

#endif
