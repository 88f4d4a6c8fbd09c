#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool record(struct failure *failure, enum step step, int error, const char *path)
{
    if (!failure->happened) {
        failure->happened = true;
        failure->step = step;
        failure->error = error;
        build_path(failure->path, "%s", path);
    }
    return false;
}

bool fail_with_errno(struct failure *failure, enum step step, const char *path)
{
    return record(failure, step, errno, path);
}

bool fail_without_errno(struct failure *failure, enum step step, const char *path)
{
    return record(failure, step, 0, path);
}

void build_path(char path[PATH_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(path, PATH_SIZE, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= PATH_SIZE)
        abort();
}
