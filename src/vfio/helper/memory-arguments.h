/* The arguments of `memory`. */
#ifndef GHPASS_VFIO_MEMORY_ARGUMENTS_H
#define GHPASS_VFIO_MEMORY_ARGUMENTS_H

#include "area.h"
#include "system.h"

#define AREAS_MAX 8

enum mode { MODE_QUICK, MODE_FULL, MODE_SCRUB };

struct memory_arguments {
    const char *address;
    enum mode mode;
    const char *via; /* NULL where it is not given */
    unsigned int threads;
    bool pinned; /* to `cpus` */
    struct cpus cpus;
    struct area areas[AREAS_MAX];
    size_t area_count;
};

/* The word on the command line. */
const char *mode_name(enum mode mode);

/* False for anything that is not as the usage says. */
bool parse_memory_arguments(int count, char **arguments, struct memory_arguments *parsed);

#endif
