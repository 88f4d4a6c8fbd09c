#define _POSIX_C_SOURCE 200809L

#include "sweep.h"
#include "system.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

/* Long enough that taking the next one costs nothing, short enough that a signal is heard soon on slow memory. */
#define CHUNK_SIZE ((uint64_t)4 << 20)

/*
 * The crew takes chunks in ascending order, so that memory is read in the order in which it was written: what the caches
 * still hold of the end when verifying begins has been pushed out to memory by the time it gets there.
 */
struct crew {
    const struct sweep *sweep;
    atomic_size_t next_chunk;
    atomic_uint_fast64_t bytes;
    atomic_bool refused; /* the bus, for one of them: the others stop as well */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned int at_work;
};

struct worker {
    struct crew *crew;
    pthread_t thread;
    const struct span *span; /* the chunk in hand: [offset, offset + size) of it */
    uint64_t offset;
    uint64_t size;
    struct bit_errors errors;
    struct bus_error bus_error;
};

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The chunk of that number, counted over all spans. False behind the last one. */
static bool take_chunk(struct worker *worker, size_t number)
{
    const struct sweep *sweep = worker->crew->sweep;
    for (size_t i = 0; i < sweep->span_count; i++) {
        const struct span *span = &sweep->spans[i];
        const uint64_t chunks = (span->size + CHUNK_SIZE - 1) / CHUNK_SIZE;
        if (number < chunks) {
            worker->span = span;
            worker->offset = number * CHUNK_SIZE;
            const uint64_t rest = span->size - worker->offset;
            worker->size = rest < CHUNK_SIZE ? rest : CHUNK_SIZE;
            return true;
        }
        number -= (size_t)chunks;
    }
    return false;
}

static void work_on_chunk(void *argument)
{
    struct worker *worker = argument;
    const struct sweep *sweep = worker->crew->sweep;
    const struct span *span = worker->span;
    unsigned char *memory = span->memory + worker->offset;
    const uint64_t address = span->address + worker->offset;
    if (!sweep->writes) {
        pattern_verify(memory, worker->size, sweep->pattern, address, &worker->errors);
        return;
    }
    pattern_fill(memory, worker->size, sweep->pattern, address);
    if (worker->offset + worker->size > span->size - span->flushed)
        system_flush_caches(memory, worker->size);
}

static void work(struct worker *worker)
{
    struct crew *crew = worker->crew;
    while (!atomic_load(&crew->refused) && !atomic_load(crew->sweep->stop) &&
           take_chunk(worker, atomic_fetch_add(&crew->next_chunk, 1))) {
        if (bus_guarded(work_on_chunk, worker, &worker->bus_error))
            atomic_fetch_add(&crew->bytes, worker->size);
        else
            atomic_store(&crew->refused, true);
    }
    /* Each processor has write-combining buffers of its own: whoever wrote empties them. */
    if (crew->sweep->writes)
        system_drain_writes();
}

static void *work_in_thread(void *argument)
{
    struct worker *worker = argument;
    struct crew *crew = worker->crew;
    work(worker);
    pthread_mutex_lock(&crew->mutex);
    crew->at_work--;
    pthread_cond_signal(&crew->changed);
    pthread_mutex_unlock(&crew->mutex);
    return NULL;
}

static void wait_for(struct crew *crew)
{
    const struct sweep *sweep = crew->sweep;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&crew->mutex);
    while (crew->at_work > 0) {
        next.tv_sec++;
        int outcome = 0;
        while (crew->at_work > 0 && outcome == 0)
            outcome = pthread_cond_timedwait(&crew->changed, &crew->mutex, &next);
        if (crew->at_work > 0)
            sweep->progress(sweep->context, atomic_load(&crew->bytes));
    }
    pthread_mutex_unlock(&crew->mutex);
}

/* Where the system gives no thread, there are fewer; without any the caller works itself. */
static unsigned int start_workers(struct crew *crew, struct worker *workers, unsigned int wanted)
{
    unsigned int started = 0;
    pthread_mutex_lock(&crew->mutex);
    while (started < wanted && pthread_create(&workers[started].thread, NULL, work_in_thread, &workers[started]) == 0)
        started++;
    crew->at_work = started;
    pthread_mutex_unlock(&crew->mutex);
    return started;
}

static void open_crew(struct crew *crew, const struct sweep *sweep)
{
    memset(crew, 0, sizeof(*crew));
    crew->sweep = sweep;
    pthread_mutex_init(&crew->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&crew->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void add_findings(struct swept *swept, const struct worker *worker)
{
    bit_errors_add(&swept->errors, &worker->errors);
    if (!worker->bus_error.happened)
        return;
    /* An uncorrected memory error may be told by the page alone, which can begin before the chunk. */
    const unsigned char *chunk = worker->span->memory + worker->offset;
    const unsigned char *where = worker->bus_error.address;
    const bool inside = where >= chunk && where < chunk + worker->size;
    const uint64_t address = worker->span->address + worker->offset + (inside ? (uint64_t)(where - chunk) : 0);
    if (!swept->bus_error.happened || address < swept->bus_error_address) {
        swept->bus_error = worker->bus_error;
        swept->bus_error_address = address;
    }
}

struct swept sweep_memory(const struct sweep *sweep)
{
    struct worker workers[SWEEP_THREADS_MAX];
    const unsigned int wanted = sweep->threads < SWEEP_THREADS_MAX ? sweep->threads : SWEEP_THREADS_MAX;
    struct crew crew;
    open_crew(&crew, sweep);
    memset(workers, 0, sizeof(workers));
    for (unsigned int i = 0; i < SWEEP_THREADS_MAX; i++)
        workers[i].crew = &crew;

    const double start = seconds_now();
    const unsigned int started = start_workers(&crew, workers, wanted);
    if (started == 0)
        work(&workers[0]);
    else
        wait_for(&crew);
    for (unsigned int i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);

    struct swept swept = {.bytes = atomic_load(&crew.bytes),
                          .seconds = seconds_now() - start,
                          .threads = started == 0 ? 1 : started};
    for (unsigned int i = 0; i < swept.threads; i++)
        add_findings(&swept, &workers[i]);
    pthread_cond_destroy(&crew.changed);
    pthread_mutex_destroy(&crew.mutex);
    return swept;
}
