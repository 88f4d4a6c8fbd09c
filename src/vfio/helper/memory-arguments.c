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

/* A decimal number up to `limit`; `text` then is behind it. */
static bool parse_digits(const char **text, uint64_t limit, uint64_t *number)
{
    if (**text < '0' || **text > '9')
        return false;
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(*text, &end, 10);
    if (errno != 0 || value > limit)
        return false;
    *number = value;
    *text = end;
    return true;
}

/* The same, with a separator behind the number that is skipped. */
static bool parse_number(const char **text, char separator, uint64_t limit, uint64_t *number)
{
    if (!parse_digits(text, limit, number) || **text != separator)
        return false;
    if (separator != '\0')
        (*text)++;
    return true;
}

/* A list as sysfs prints CPUs: 0-71,144. */
static bool parse_cpus(const char *text, struct cpus *cpus)
{
    for (;;) {
        uint64_t first;
        if (!parse_digits(&text, CPUS_MAX - 1, &first))
            return false;
        uint64_t last = first;
        if (*text == '-') {
            text++;
            if (!parse_digits(&text, CPUS_MAX - 1, &last) || last < first)
                return false;
        }
        for (uint64_t cpu = first; cpu <= last; cpu++)
            cpus->bits[cpu / 64] |= (uint64_t)1 << cpu % 64;
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
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
    if (strcmp(name, "--cpus") == 0)
        return (parsed->pinned = parse_cpus(value, &parsed->cpus));
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
