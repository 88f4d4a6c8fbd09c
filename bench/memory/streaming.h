/* What memory gives to the plainest of programs: a loop that stores, and a loop that loads. */
#ifndef GHPASS_BENCH_STREAMING_H
#define GHPASS_BENCH_STREAMING_H

#include <stddef.h>
#include <stdint.h>

/* Stores a number into each word. */
void stream_write(uint64_t *words, size_t count);

/* Loads each word; the sum is there so that the compiler cannot leave the loads out. */
uint64_t stream_read(const uint64_t *words, size_t count);

#endif
