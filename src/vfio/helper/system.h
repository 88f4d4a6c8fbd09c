/*
 * The seam to the kernel: one function per system call the helper makes, each with the contract of the call it is named
 * after (-1 or NULL, and errno). system.c makes the calls; the tests link another implementation in its place.
 */
#ifndef GHPASS_VFIO_SYSTEM_H
#define GHPASS_VFIO_SYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct system_directory;

/* open(2) of something that exists; O_CLOEXEC is added. */
int system_open(const char *path, int flags);
int system_close(int descriptor);
ssize_t system_write(int descriptor, const void *bytes, size_t length);
ssize_t system_pread(int descriptor, void *bytes, size_t length, uint64_t offset);
ssize_t system_pwrite(int descriptor, const void *bytes, size_t length, uint64_t offset);

/* mmap(2), shared, to be read and written; NULL where it fails. */
void *system_mmap(int descriptor, size_t length, uint64_t offset);
int system_munmap(void *memory, size_t length);
/* sysconf(3) of _SC_PAGESIZE. */
size_t system_page_size(void);

/* CPUs by number, a bit for each. */
#define CPUS_MAX 1024
struct cpus {
    uint64_t bits[CPUS_MAX / 64];
};
/* sched_setaffinity(2) of the calling thread; those that it starts inherit it. */
int system_set_affinity(const struct cpus *cpus);

/* ioctl(2) whose argument points to memory that the kernel reads or fills. */
int system_ioctl(int descriptor, unsigned long request, void *argument);
/* ioctl(2) whose argument is the value itself. */
int system_ioctl_value(int descriptor, unsigned long request, unsigned long value);

/* access(2) with F_OK. */
int system_exists(const char *path);
ssize_t system_readlink(const char *path, char *target, size_t size);

struct system_directory *system_opendir(const char *path);
/* The next entry's name, valid until the next call; NULL at the end with errno 0, or on failure with errno. */
const char *system_readdir(struct system_directory *directory);
void system_closedir(struct system_directory *directory);

/*
 * What is no system call, but the machine's all the same. Waits until memory has all that this processor has written,
 * write-combining buffers included.
 */
void system_drain_writes(void);
/* Writes what the caches hold of this memory back and forgets it, so that the next access goes to memory. */
void system_flush_caches(const void *memory, size_t length);

#endif
