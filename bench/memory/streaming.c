#include "streaming.h"

void stream_write(uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        words[i] = i;
}

uint64_t stream_read(const uint64_t *words, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += words[i];
    return sum;
}
