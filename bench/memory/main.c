/*
 * Memory validation as ghpass-vfio does it, and plain loops, taking turns over the same ordinary memory.
 *
 *     memory-bench MIB THREADS RUNS
 *
 * prints a line of JSON for each run: the seconds of writing and of reading all of it, once the one way and once the other.
 */
#define _DEFAULT_SOURCE

#include "streaming.h"
#include "sweep.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct seconds {
    double write;
    double read;
};

struct part {
    pthread_t thread;
    uint64_t *words;
    size_t count;
    bool writes;
    uint64_t sum;
};

static void *stream(void *argument)
{
    struct part *part = argument;
    if (part->writes)
        stream_write(part->words, part->count);
    else
        part->sum = stream_read(part->words, part->count);
    return NULL;
}

static double time_stream(uint64_t *words, size_t count, unsigned int threads, bool writes)
{
    static struct part parts[SWEEP_THREADS_MAX];
    const double start = seconds_now();
    for (unsigned int i = 0; i < threads; i++) {
        const size_t begin = count / threads * i;
        const size_t end = i == threads - 1 ? count : begin + count / threads;
        parts[i] = (struct part){.words = words + begin, .count = end - begin, .writes = writes};
        if (pthread_create(&parts[i].thread, NULL, stream, &parts[i]) != 0)
            exit(1);
    }
    for (unsigned int i = 0; i < threads; i++)
        pthread_join(parts[i].thread, NULL);
    return seconds_now() - start;
}

static void no_progress(void *context, uint64_t bytes)
{
    (void)context;
    (void)bytes;
}

static double time_sweep(const struct span *span, unsigned int threads, enum pattern pattern, bool writes)
{
    const atomic_bool stop = false;
    const struct sweep sweep = {.spans = span,
                                .span_count = 1,
                                .pattern = pattern,
                                .writes = writes,
                                .threads = threads,
                                .stop = &stop,
                                .progress = no_progress};
    const struct swept swept = sweep_memory(&sweep);
    if (swept.bytes != span->size || swept.errors.words != 0) {
        fprintf(stderr, "memory-bench: this memory does not hold what was written\n");
        exit(1);
    }
    return swept.seconds;
}

int main(int argc, char **argv)
{
    const size_t size = argc == 4 ? strtoull(argv[1], NULL, 10) << 20 : 0;
    const unsigned int threads = argc == 4 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;
    const unsigned int runs = argc == 4 ? (unsigned int)strtoul(argv[3], NULL, 10) : 0;
    if (size == 0 || threads == 0 || threads > SWEEP_THREADS_MAX || runs == 0) {
        fprintf(stderr, "usage: memory-bench MIB THREADS RUNS\n");
        return 2;
    }
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) {
        perror("memory-bench: mmap");
        return 1;
    }
    const struct span span = {.memory = memory, .size = size, .address = (uint64_t)4 << 40};
    for (unsigned int run = 0; run < runs; run++) {
        /* Who goes first changes from run to run, as does the pattern. */
        const enum pattern pattern = run % 2 == 0 ? PATTERN_ADDRESS : PATTERN_INVERTED;
        struct seconds validation = {0}, plain = {0};
        for (unsigned int turn = 0; turn < 2; turn++) {
            if ((run + turn) % 2 == 0) {
                validation.write = time_sweep(&span, threads, pattern, true);
                validation.read = time_sweep(&span, threads, pattern, false);
            } else {
                plain.write = time_stream(memory, size / sizeof(uint64_t), threads, true);
                plain.read = time_stream(memory, size / sizeof(uint64_t), threads, false);
            }
        }
        printf("{\"validation\":{\"write\":%.6f,\"read\":%.6f},\"plain\":{\"write\":%.6f,\"read\":%.6f}}\n",
               validation.write, validation.read, plain.write, plain.read);
        fflush(stdout);
    }
    return 0;
}
