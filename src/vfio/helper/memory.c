#define _POSIX_C_SOURCE 200809L

#include "memory-job.h"
#include "names.h"
#include "system.h"
#include "verbs.h"

#include <signal.h>
#include <string.h>

static const enum pattern validating[] = {PATTERN_ADDRESS, PATTERN_INVERTED};
static const enum pattern scrubbing[] = {PATTERN_ZERO};

/* Set by a signal that asks for the end: the work stops, the device is closed, and the answer says so. */
static atomic_bool interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    atomic_store(&interrupted, true);
}

static void catch_interrupts(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_interrupt;
    action.sa_flags = SA_RESTART;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
}

static struct swept sweep(struct job *job, const struct area *area, enum pattern pattern, bool writes, bool whole)
{
    const struct area_work work = {.pattern = pattern,
                                   .writes = writes,
                                   .whole = whole,
                                   .threads = job->arguments->threads,
                                   .stop = &interrupted,
                                   .progress = json_progress,
                                   .context = job};
    job->area = area;
    job->pattern = pattern;
    job->writes = writes;
    const struct swept swept = area_sweep(area, job->handle, &work, job->failure);
    if (atomic_load(&interrupted))
        fail_without_errno(job->failure, STEP_INTERRUPTED, "");
    return swept;
}

/* All areas are written before any is verified: what one of them stores in another's place is found. */
static void do_round(struct job *job, size_t number, enum pattern pattern)
{
    struct memory_arguments *arguments = job->arguments;
    for (int writes = 1; writes >= 0; writes--) {
        for (size_t i = 0; i < arguments->area_count && !job->failure->happened; i++) {
            struct area *area = &arguments->areas[i];
            struct round *round = &area->rounds[number];
            area->round_count = number + 1;
            round->pattern = pattern;
            struct swept *swept = writes == 1 ? &round->written : &round->verified;
            *swept = sweep(job, area, pattern, writes == 1, arguments->mode != MODE_QUICK);
            json_progress(job, swept->bytes);
            job->bytes_before += swept->bytes;
        }
    }
}

/* What was written behind the memory is dropped: it must not be found in the memory, which still has the last pattern. */
static void do_edges(struct job *job)
{
    struct memory_arguments *arguments = job->arguments;
    for (size_t i = 0; i < arguments->area_count && !job->failure->happened; i++) {
        probe_edges(&arguments->areas[i], job->handle, &job->edges[i]);
        job->edges_count = i + 1;
    }
    for (size_t i = 0; i < job->edges_count && !job->failure->happened; i++)
        job->after[i] = sweep(job, &arguments->areas[i], PATTERN_INVERTED, false, false).errors;
}

static bool map_areas(struct job *job)
{
    struct memory_arguments *arguments = job->arguments;
    for (size_t i = 0; i < arguments->area_count; i++) {
        if (!area_map(&arguments->areas[i], job->handle, job->failure))
            return false;
        job->bytes_in_all += area_covered(&arguments->areas[i], arguments->mode != MODE_QUICK);
    }
    return true;
}

static void do_job(struct job *job)
{
    const bool scrubs = job->arguments->mode == MODE_SCRUB;
    const enum pattern *patterns = scrubs ? scrubbing : validating;
    const size_t count = scrubs ? 1 : sizeof(validating) / sizeof(validating[0]);
    if (memory_enable(job->handle, &job->enable, job->failure) && map_areas(job)) {
        job->bytes_in_all *= 2 * count;
        job->start = seconds_now();
        for (size_t i = 0; i < count; i++)
            do_round(job, i, patterns[i]);
        if (!scrubs)
            do_edges(job);
    }
    for (size_t i = 0; i < job->arguments->area_count; i++)
        area_unmap(&job->arguments->areas[i]);
    memory_enable_restore(job->handle, &job->enable);
}

/* Before there are other threads, which inherit it, and before the device is opened, which resets it. */
static bool pin(const struct memory_arguments *arguments, struct failure *failure)
{
    return !arguments->pinned || system_set_affinity(&arguments->cpus) == 0 ||
           fail_with_errno(failure, STEP_CPU_AFFINITY, "");
}

bool verb_memory(FILE *out, int count, char **words)
{
    struct memory_arguments arguments;
    if (!parse_memory_arguments(count, words, &arguments))
        return false;

    struct failure failure = {0};
    struct vfio_handle handle = {.device = -1, .group = -1, .iommu = -1};
    struct job job = {.arguments = &arguments, .handle = &handle, .failure = &failure, .enable = {.command = -1}};
    const bool valid = is_pci_address(arguments.address) || fail_without_errno(&failure, STEP_ADDRESS_FORMAT, "");
    const char *via = arguments.via;
    if (via == NULL)
        via = valid ? vfio_via_possible(arguments.address) : via_group;
    if (valid) {
        catch_interrupts();
        bus_error_catch();
        if (pin(&arguments, &failure) && vfio_open(arguments.address, via, &handle, &failure))
            do_job(&job);
        vfio_close(&handle);
    }
    json_memory(out, &job, via);
    return true;
}
