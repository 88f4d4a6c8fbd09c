/* Where and why a verb stopped: the protocol's `error`. */
#ifndef GHPASS_VFIO_FAILURE_H
#define GHPASS_VFIO_FAILURE_H

#include "steps.h"

#include <stdbool.h>

/* Longer than any path the helper builds: fixed prefixes and validated, bounded names. */
#define PATH_SIZE 160

struct failure {
    bool happened;
    enum step step;
    int error; /* errno; 0 where no system call failed */
    char path[PATH_SIZE]; /* empty where no path is concerned */
};

/* Both record a failure unless an earlier one stands, and give false, so that a step can `return` them. */
bool fail_with_errno(struct failure *failure, enum step step, const char *path);
bool fail_without_errno(struct failure *failure, enum step step, const char *path);

/* snprintf into a path. Aborts when it does not fit, which validated names cannot cause. */
void build_path(char path[PATH_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
