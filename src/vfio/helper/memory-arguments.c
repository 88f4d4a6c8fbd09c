#include "memory-arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Files of VFIO have signed offsets. */
#define OFFSET_MAX ((uint64_t)INT64_MAX)

static const char *const mode_names[] = {"quick", "full", "scrub"};

const char *mode_name(enum mode mode)
{
    return mode_names[mode];
}

static bool parse_mode(const char *text, enum mode *mode)
{
    for (size_t i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++) {
        if (strcmp(text, mode_names[i]) == 0) {
            *mode = (enum mode)i;
            return true;
        }
    }
    return false;
}

/* A decimal number up to `limit` that ends with `separator`; `text` then is behind it. */
static bool parse_number(const char **text, char separator, uint64_t limit, uint64_t *number)
{
    if (**text < '0' || **text > '9')
        return false;
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(*text, &end, 10);
    if (errno != 0 || value > limit || *end != separator)
        return false;
    *number = value;
    *text = separator == '\0' ? end : end + 1;
    return true;
}

/* REGION:OFFSET:SIZE:cached|combined, all of it in one file. */
static bool parse_area(const char *text, struct area *area)
{
    uint64_t region;
    if (!parse_number(&text, ':', UINT32_MAX, &region) || !parse_number(&text, ':', OFFSET_MAX, &area->offset) ||
        !parse_number(&text, ':', OFFSET_MAX - area->offset, &area->size) || area->size == 0)
        return false;
    area->region = (uint32_t)region;
    area->cached = strcmp(text, "cached") == 0;
    return area->cached || strcmp(text, "combined") == 0;
}

static bool parse_option(const char *name, const char *value, struct memory_arguments *parsed)
{
    if (strcmp(name, "--area") == 0)
        return parsed->area_count < AREAS_MAX && parse_area(value, &parsed->areas[parsed->area_count++]);
    if (strcmp(name, "--via") == 0)
        return (parsed->via = vfio_via_named(value)) != NULL;
    uint64_t threads;
    if (strcmp(name, "--threads") != 0 || !parse_number(&value, '\0', SWEEP_THREADS_MAX, &threads) || threads == 0)
        return false;
    parsed->threads = (unsigned int)threads;
    return true;
}

bool parse_memory_arguments(int count, char **arguments, struct memory_arguments *parsed)
{
    memset(parsed, 0, sizeof(*parsed));
    parsed->address = arguments[0];
    parsed->threads = 1;
    if (!parse_mode(arguments[1], &parsed->mode) || count % 2 != 0)
        return false;
    for (int i = 2; i < count; i += 2) {
        if (!parse_option(arguments[i], arguments[i + 1], parsed))
            return false;
    }
    return parsed->area_count > 0;
}
