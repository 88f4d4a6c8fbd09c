/*
 * The memory of the tests' kernel: files of devices that can be read, written and mapped, with the faults that are planted
 * in them. A line
 *
 *     memory PATH POSITION = MEMORY of REGION [FAULT…]
 *
 * puts MEMORY bytes behind POSITION of the file, in a region of REGION bytes: as nvgrace_gpu_vfio_pci has it, the rest
 * reads as ones and drops writes, and neither what is behind the memory can be mapped nor what is behind the region read.
 * It is real memory of a memfd, so that a fault is one of the machine and not of a model. FAULT is one of
 *
 *     set OFFSET MASK      these bits are 1 whatever is written
 *     clear OFFSET MASK    they are 0
 *     line BIT             this line of the address is dead: both halves of each 2 << BIT bytes are one
 *     short BYTES          no more than this is behind the mapping: SIGBUS
 *     wraps                the padding is not there: it is the memory once more
 *
 * Numbers are in C's notation. Calls and their answers, where the memory itself shall not answer:
 *
 *     mmap PATH LENGTH POSITION     errno N | signal N (is raised, the memory answers)
 *     pread PATH LENGTH POSITION    errno N | return N (that many bytes of the memory's) | bytes HEX
 *     pwrite PATH LENGTH POSITION   errno N | return N
 *     munmap LENGTH
 *
 * with LENGTH in decimal and POSITION in hexadecimal.
 */
#define _GNU_SOURCE

#include "fake-system.h"
#include "system.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { REGIONS_MAX = 4, STUCK_MAX = 8 };

struct stuck {
    uint64_t offset;
    uint64_t mask;
    bool at_one;
};

struct region {
    char path[128];
    uint64_t position;
    uint64_t memory_size;
    uint64_t region_size;
    int file;
    unsigned char *memory; /* all that the file has */
    uint64_t file_size;
    int dead_line; /* -1: none */
    bool wraps;
    struct stuck stuck[STUCK_MAX];
    size_t stuck_count;
};

static struct region regions[REGIONS_MAX];
static size_t region_count;

static uint64_t next_number(char **words)
{
    char *word = strtok_r(NULL, " ", words);
    if (word == NULL)
        fake_stop("a number is missing in a line of memory");
    return strtoull(word, NULL, 0);
}

static void plant(struct region *region, const char *fault, char **words)
{
    if (strcmp(fault, "set") == 0 || strcmp(fault, "clear") == 0) {
        struct stuck *stuck = &region->stuck[region->stuck_count++];
        stuck->offset = next_number(words);
        stuck->mask = next_number(words);
        stuck->at_one = fault[0] == 's';
    } else if (strcmp(fault, "line") == 0)
        region->dead_line = (int)next_number(words);
    else if (strcmp(fault, "short") == 0)
        region->file_size = next_number(words);
    else if (strcmp(fault, "wraps") == 0)
        region->wraps = true;
    else
        fake_stop(fault);
}

void fake_memory_declare(const char *path, const char *position, const char *description)
{
    struct region *region = &regions[region_count++];
    snprintf(region->path, sizeof(region->path), "%s", path);
    region->position = strtoull(position, NULL, 0);
    region->dead_line = -1;

    char *copy = strdup(description);
    char *words;
    region->memory_size = strtoull(strtok_r(copy, " ", &words), NULL, 0);
    strtok_r(NULL, " ", &words);
    region->region_size = next_number(&words);
    region->file_size = region->memory_size;
    for (char *fault; (fault = strtok_r(NULL, " ", &words)) != NULL;)
        plant(region, fault, &words);
    free(copy);

    region->file = memfd_create("region", MFD_CLOEXEC);
    if (region->file < 0 || ftruncate(region->file, (off_t)region->file_size) != 0)
        fake_stop("memfd");
    region->memory =
        mmap(NULL, region->file_size, PROT_READ | PROT_WRITE, MAP_SHARED, region->file, 0);
    if (region->memory == MAP_FAILED)
        fake_stop("mmap of a memfd");
}

static struct region *region_at(const char *path, uint64_t position)
{
    struct region *found = NULL;
    for (size_t i = 0; i < region_count; i++) {
        struct region *region = &regions[i];
        if (strcmp(region->path, path) == 0 && region->position <= position &&
            (found == NULL || found->position < region->position))
            found = region;
    }
    return found;
}

static uint64_t behind_dead_line(const struct region *region, uint64_t offset)
{
    return region->dead_line < 0 ? offset : offset & ~((uint64_t)1 << region->dead_line);
}

static void *map_region(const struct region *region, size_t length, uint64_t offset)
{
    unsigned char *memory = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t piece = region->dead_line < 0 ? length : (size_t)1 << region->dead_line;
    for (size_t done = 0; done < length; done += piece) {
        size_t rest = length - done < piece ? length - done : piece;
        if (mmap(memory + done, rest, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, region->file,
                 (off_t)behind_dead_line(region, offset + done)) == MAP_FAILED)
            fake_stop("mmap of a piece");
    }
    return memory;
}

void *system_mmap(int descriptor, size_t length, uint64_t position)
{
    const char *path = fake_path_of(descriptor);
    const char *answer;
    if (fake_answer(&answer, "mmap %s %zu %llx", path, length, (unsigned long long)position)) {
        if (answer == NULL)
            return NULL;
        raise(atoi(answer + strlen("signal ")));
    }
    const struct region *region = region_at(path, position);
    if (region == NULL || position - region->position + length > region->memory_size) {
        errno = EINVAL;
        return NULL;
    }
    return map_region(region, length, position - region->position);
}

int system_munmap(void *memory, size_t length)
{
    const char *unused;
    fake_answer(&unused, "munmap %zu", length);
    return munmap(memory, length);
}

size_t system_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* The byte of the memory that is at this offset of the region; NULL in the padding. */
static unsigned char *byte_at(const struct region *region, uint64_t offset)
{
    if (offset >= region->memory_size) {
        if (!region->wraps)
            return NULL;
        offset %= region->memory_size;
    }
    return region->memory + behind_dead_line(region, offset);
}

/* How much of a transfer there is room for; negative where there is none at all. */
static ssize_t transferred(const struct region *region, uint64_t position, size_t length)
{
    if (region == NULL || position - region->position >= region->region_size) {
        errno = EINVAL;
        return -1;
    }
    uint64_t rest = region->region_size - (position - region->position);
    return (ssize_t)(rest < length ? rest : length);
}

ssize_t system_pread(int descriptor, void *bytes, size_t length, uint64_t position)
{
    const char *path = fake_path_of(descriptor);
    const char *answer = "";
    if (fake_answer(&answer, "pread %s %zu %llx", path, length, (unsigned long long)position) && answer == NULL)
        return -1;
    if (strncmp(answer, "bytes ", 6) == 0) {
        unsigned int byte;
        for (size_t i = 0; i < length && sscanf(answer + 6 + 2 * i, "%2x", &byte) == 1; i++)
            ((unsigned char *)bytes)[i] = (unsigned char)byte;
        return (ssize_t)length;
    }
    if (strncmp(answer, "return ", 7) == 0)
        return atoi(answer + 7);
    const struct region *region = region_at(path, position);
    ssize_t count = transferred(region, position, length);
    for (ssize_t i = 0; i < count; i++) {
        const unsigned char *byte = byte_at(region, position - region->position + (uint64_t)i);
        ((unsigned char *)bytes)[i] = byte == NULL ? 0xff : *byte;
    }
    return count;
}

ssize_t system_pwrite(int descriptor, const void *bytes, size_t length, uint64_t position)
{
    const char *path = fake_path_of(descriptor);
    const char *answer = "";
    if (fake_answer(&answer, "pwrite %s %zu %llx", path, length, (unsigned long long)position) && answer == NULL)
        return -1;
    if (strncmp(answer, "return ", 7) == 0)
        return atoi(answer + 7);
    const struct region *region = region_at(path, position);
    ssize_t count = transferred(region, position, length);
    for (ssize_t i = 0; i < count; i++) {
        unsigned char *byte = byte_at(region, position - region->position + (uint64_t)i);
        if (byte != NULL)
            *byte = ((const unsigned char *)bytes)[i];
    }
    return count;
}

/* This is when memory has what was written, and so when it turns out what it makes of it. */
void system_drain_writes(void)
{
    for (size_t i = 0; i < region_count; i++) {
        for (size_t j = 0; j < regions[i].stuck_count; j++) {
            const struct stuck *stuck = &regions[i].stuck[j];
            uint64_t *word = (uint64_t *)(void *)(regions[i].memory + stuck->offset);
            if (stuck->at_one)
                __atomic_fetch_or(word, stuck->mask, __ATOMIC_SEQ_CST);
            else
                __atomic_fetch_and(word, ~stuck->mask, __ATOMIC_SEQ_CST);
        }
    }
    __sync_synchronize();
}

void system_flush_caches(const void *memory, size_t length)
{
    (void)memory;
    (void)length;
}
