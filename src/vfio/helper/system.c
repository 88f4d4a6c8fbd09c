#define _POSIX_C_SOURCE 200809L

#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
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
