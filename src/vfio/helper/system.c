/* For cpu_set_t. */
#define _GNU_SOURCE

#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int system_open(const char *path, int flags)
{
    return open(path, flags | O_CLOEXEC);
}

int system_close(int descriptor)
{
    return close(descriptor);
}

ssize_t system_write(int descriptor, const void *bytes, size_t length)
{
    return write(descriptor, bytes, length);
}

ssize_t system_pread(int descriptor, void *bytes, size_t length, uint64_t offset)
{
    return pread(descriptor, bytes, length, (off_t)offset);
}

ssize_t system_pwrite(int descriptor, const void *bytes, size_t length, uint64_t offset)
{
    return pwrite(descriptor, bytes, length, (off_t)offset);
}

void *system_mmap(int descriptor, size_t length, uint64_t offset)
{
    void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, (off_t)offset);
    return memory == MAP_FAILED ? NULL : memory;
}

int system_munmap(void *memory, size_t length)
{
    return munmap(memory, length);
}

size_t system_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

int system_set_affinity(const struct cpus *cpus)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t cpu = 0; cpu < CPUS_MAX && cpu < CPU_SETSIZE; cpu++) {
        if (cpus->bits[cpu / 64] >> cpu % 64 & 1)
            CPU_SET(cpu, &set);
    }
    return sched_setaffinity(0, sizeof(set), &set);
}

int system_ioctl(int descriptor, unsigned long request, void *argument)
{
    return ioctl(descriptor, request, argument);
}

int system_ioctl_value(int descriptor, unsigned long request, unsigned long value)
{
    return ioctl(descriptor, request, value);
}

int system_exists(const char *path)
{
    return access(path, F_OK);
}

ssize_t system_readlink(const char *path, char *target, size_t size)
{
    return readlink(path, target, size);
}

struct system_directory *system_opendir(const char *path)
{
    return (struct system_directory *)opendir(path);
}

const char *system_readdir(struct system_directory *directory)
{
    errno = 0;
    struct dirent *entry = readdir((DIR *)directory);
    return entry == NULL ? NULL : entry->d_name;
}

void system_closedir(struct system_directory *directory)
{
    closedir((DIR *)directory);
}

void system_drain_writes(void)
{
#if defined(__aarch64__)
    __asm__ volatile("dsb sy" ::: "memory");
#else
    __sync_synchronize();
#endif
}

#if defined(__aarch64__)

/* CTR_EL0.DminLine, bits 19:16: log2 of the words of the smallest line. Linux lets programs read it, and clean by address. */
static size_t cache_line_size(void)
{
    uint64_t type;
    __asm__("mrs %0, ctr_el0" : "=r"(type));
    return (size_t)4 << (type >> 16 & 0xf);
}

static void flush_line(const char *line)
{
    __asm__ volatile("dc civac, %0" ::"r"(line) : "memory");
}

#elif defined(__x86_64__)

/* Every x86-64 processor has lines of 64 bytes. */
static size_t cache_line_size(void)
{
    return 64;
}

static void flush_line(const char *line)
{
    __asm__ volatile("clflush %0" ::"m"(*line) : "memory");
}

#else

static size_t cache_line_size(void)
{
    return 64;
}

/* No Grace GPU is behind any other processor; there, what the caches hold is verified with the rest. */
static void flush_line(const char *line)
{
    (void)line;
}

#endif

void system_flush_caches(const void *memory, size_t length)
{
    const size_t line_size = cache_line_size();
    const char *const end = (const char *)memory + length;
    for (const char *line = memory; line < end; line += line_size)
        flush_line(line);
    system_drain_writes();
}
