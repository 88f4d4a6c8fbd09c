/*
 * The kernel of the helper's tests: implements src/vfio/helper/system.h from a scenario, a text file of lines
 *
 *     CALL = ANSWER
 *
 * CALL is the name of the system call and its decoded arguments, so that a wrong argument finds no answer:
 *
 *     exists PATH | open PATH | opendir PATH | readlink PATH | write PATH TEXT
 *     affinity N,N…
 *     ioctl PATH NUMBER [ARGUMENT…]     PATH is what the descriptor was opened as, NUMBER is hexadecimal
 *
 * ANSWER is one of
 *
 *     errno N          the call fails
 *     ok               it succeeds (ioctl: returns 0)
 *     return N         ioctl, write: it returns N
 *     opens PATH       ioctl: it returns a new descriptor called PATH
 *     names NAME…      opendir: the directory's entries, then the end
 *     names NAME… errno N   opendir: the entries, then reading fails
 *     target TEXT      readlink
 *     bytes HEX        info ioctls: the kernel's complete answer, of which argsz decides how much fits
 *     raw HEX          ioctl: these bytes, as far as argsz has room
 *
 * Several lines with the same CALL answer one after the other; the last one stays. What no line answers does not exist
 * (ENOENT), or is an ioctl the kernel does not know (ENOTTY); affinity succeeds; of memory, see fake-memory.c. Every call goes to the trace
 * file, and at exit one line for each descriptor or directory that was not closed.
 */
#define _POSIX_C_SOURCE 200809L

#include "fake-system.h"
#include "system.h"
#include "uapi.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 1024, DESCRIPTORS_MAX = 16, FIRST_DESCRIPTOR = 100, CALL_SIZE = 512 };

struct line {
    char *call;
    char *answer;
    int used;
};

static struct line lines[LINES_MAX];
static size_t line_count;
static char *descriptors[DESCRIPTORS_MAX];
static FILE *trace_file;

struct system_directory {
    char *names;
    char *rest;
};
static int open_directories;

_Noreturn void fake_stop(const char *what)
{
    fprintf(stderr, "fake-system: %s\n", what);
    _Exit(99);
}

static void report_leaks(void)
{
    for (size_t i = 0; i < DESCRIPTORS_MAX; i++) {
        if (descriptors[i] != NULL)
            fprintf(trace_file, "leaked %s\n", descriptors[i]);
    }
    if (open_directories != 0)
        fprintf(trace_file, "leaked directory\n");
    for (size_t i = 0; i < line_count; i++) {
        free(lines[i].call);
        free(lines[i].answer);
    }
    fclose(trace_file);
}

static void read_scenario(void)
{
    FILE *scenario = fopen(getenv("GHPASS_VFIO_SCENARIO"), "r");
    trace_file = fopen(getenv("GHPASS_VFIO_TRACE"), "w");
    if (scenario == NULL || trace_file == NULL)
        fake_stop("GHPASS_VFIO_SCENARIO and GHPASS_VFIO_TRACE must name files");
    char *text = NULL;
    size_t size = 0;
    while (getline(&text, &size, scenario) > 0) {
        text[strcspn(text, "\n")] = '\0';
        char *equals = strstr(text, " = ");
        if (equals == NULL || line_count == LINES_MAX)
            fake_stop(text);
        *equals = '\0';
        char *position = strrchr(text, ' ');
        if (strncmp(text, "memory ", 7) == 0 && position != NULL) {
            *position = '\0';
            fake_memory_declare(text + 7, position + 1, equals + 3);
            continue;
        }
        lines[line_count].call = strdup(text);
        lines[line_count].answer = strdup(equals + 3);
        line_count++;
    }
    free(text);
    fclose(scenario);
    atexit(report_leaks);
}

/* Traces the call and finds its answer; sets errno to `otherwise` and gives "errno" where there is none. */
static const char *answer_to(const char *call, int otherwise)
{
    if (trace_file == NULL)
        read_scenario();
    struct line *found = NULL;
    for (size_t i = 0; i < line_count; i++) {
        if (strcmp(lines[i].call, call) != 0)
            continue;
        found = &lines[i];
        if (!found->used)
            break;
    }
    if (found != NULL)
        found->used = 1;
    const char *answer = found == NULL ? "none" : found->answer;
    fprintf(trace_file, "%s\n", call);
    if (found == NULL)
        errno = otherwise;
    else if (strncmp(answer, "errno ", 6) == 0)
        errno = atoi(answer + 6);
    else
        return answer;
    return NULL;
}

bool fake_answer(const char **answer, const char *format, ...)
{
    char call[CALL_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call, sizeof(call), format, arguments);
    va_end(arguments);
    /* No errno is 0: it stays where there is no line. */
    const char *found = answer_to(call, 0);
    if (found == NULL && errno == 0)
        return false;
    *answer = found;
    return true;
}

static const char *answer_to_call(int otherwise, const char *format, ...) __attribute__((format(printf, 2, 3)));
static const char *answer_to_call(int otherwise, const char *format, ...)
{
    char call[CALL_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call, sizeof(call), format, arguments);
    va_end(arguments);
    return answer_to(call, otherwise);
}

static int new_descriptor(const char *path)
{
    for (int i = 0; i < DESCRIPTORS_MAX; i++) {
        if (descriptors[i] == NULL) {
            descriptors[i] = strdup(path);
            return FIRST_DESCRIPTOR + i;
        }
    }
    fake_stop("too many descriptors");
    return -1;
}

static char **slot_of(int descriptor)
{
    int index = descriptor - FIRST_DESCRIPTOR;
    if (index < 0 || index >= DESCRIPTORS_MAX || descriptors[index] == NULL)
        fake_stop("a descriptor that is not open was used");
    return &descriptors[index];
}

const char *fake_path_of(int descriptor)
{
    return *slot_of(descriptor);
}

int system_open(const char *path, int flags)
{
    (void)flags;
    return answer_to_call(ENOENT, "open %s", path) == NULL ? -1 : new_descriptor(path);
}

int system_close(int descriptor)
{
    char **slot = slot_of(descriptor);
    fprintf(trace_file, "close %s\n", *slot);
    free(*slot);
    *slot = NULL;
    return 0;
}

ssize_t system_write(int descriptor, const void *bytes, size_t length)
{
    const char *answer =
        answer_to_call(EIO, "write %s %.*s", *slot_of(descriptor), (int)length, (const char *)bytes);
    if (answer == NULL)
        return -1;
    return strncmp(answer, "return ", 7) == 0 ? atoi(answer + 7) : (ssize_t)length;
}

int system_set_affinity(const struct cpus *cpus)
{
    char list[256] = "";
    for (size_t cpu = 0; cpu < CPUS_MAX; cpu++) {
        const size_t length = strlen(list);
        if ((cpus->bits[cpu / 64] >> cpu % 64 & 1) && length + 6 < sizeof(list))
            snprintf(list + length, sizeof(list) - length, "%s%zu", length > 0 ? "," : "", cpu);
    }
    return answer_to_call(0, "affinity %s", list) == NULL && errno != 0 ? -1 : 0;
}

int system_exists(const char *path)
{
    return answer_to_call(ENOENT, "exists %s", path) == NULL ? -1 : 0;
}

ssize_t system_readlink(const char *path, char *target, size_t size)
{
    const char *answer = answer_to_call(ENOENT, "readlink %s", path);
    if (answer == NULL)
        return -1;
    size_t length = strlen(answer + 7);
    if (length > size)
        length = size;
    memcpy(target, answer + 7, length);
    return (ssize_t)length;
}

struct system_directory *system_opendir(const char *path)
{
    const char *answer = answer_to_call(ENOENT, "opendir %s", path);
    if (answer == NULL)
        return NULL;
    struct system_directory *directory = malloc(sizeof(*directory));
    directory->names = strdup(answer);
    directory->rest = directory->names + strlen("names");
    open_directories++;
    return directory;
}

const char *system_readdir(struct system_directory *directory)
{
    char *name = directory->rest + strspn(directory->rest, " ");
    errno = 0;
    if (strncmp(name, "errno ", 6) == 0)
        errno = atoi(name + 6);
    if (*name == '\0' || errno != 0)
        return NULL;
    directory->rest = name + strcspn(name, " ");
    if (*directory->rest != '\0')
        *directory->rest++ = '\0';
    return name;
}

void system_closedir(struct system_directory *directory)
{
    open_directories--;
    free(directory->names);
    free(directory);
}

static size_t decode_hex(const char *hex, unsigned char *bytes)
{
    size_t length = 0;
    unsigned int byte;
    for (; isxdigit((unsigned char)*hex) && sscanf(hex, "%2x", &byte) == 1; hex += 2)
        bytes[length++] = (unsigned char)byte;
    return length;
}

static void put_word(unsigned char *bytes, size_t offset, uint32_t word)
{
    memcpy(bytes + offset, &word, sizeof(word));
}

/* As drivers/vfio does: without room for the capabilities only the structure, argsz raised and cap_offset cleared. */
static void answer_with_capabilities(unsigned char *argument, size_t argsz, const char *hex, size_t header,
                                     size_t cap_offset)
{
    unsigned char *bytes = malloc(strlen(hex) / 2 + header);
    size_t length = decode_hex(hex, bytes);
    if (argsz < length) {
        put_word(bytes, 0, (uint32_t)length);
        put_word(bytes, cap_offset, 0);
        length = header < argsz ? header : argsz;
    }
    memcpy(argument, bytes, length);
    free(bytes);
}

static void answer_raw(unsigned char *argument, size_t argsz, const char *hex)
{
    unsigned char *bytes = malloc(strlen(hex) / 2 + 1);
    size_t length = decode_hex(hex, bytes);
    memcpy(argument, bytes, length < argsz ? length : argsz);
    free(bytes);
}

static int answer_value(const char *answer)
{
    if (strncmp(answer, "opens ", 6) == 0)
        return new_descriptor(answer + 6);
    return strncmp(answer, "return ", 7) == 0 ? atoi(answer + 7) : 0;
}

int system_ioctl_value(int descriptor, unsigned long request, unsigned long value)
{
    const char *answer = answer_to_call(ENOTTY, "ioctl %s %lx %lu", *slot_of(descriptor), request, value);
    return answer == NULL ? -1 : answer_value(answer);
}

static const char *answer_to_ioctl(const char *path, unsigned long request, const void *argument)
{
    const uint32_t *words = argument;
    const int *descriptor = argument;
    const struct vfio_device_bind_iommufd *bind = argument;
    switch (request) {
    case VFIO_GROUP_SET_CONTAINER:
        return answer_to_call(ENOTTY, "ioctl %s %lx %s", path, request, *slot_of(*descriptor));
    case VFIO_GROUP_GET_DEVICE_FD:
        return answer_to_call(ENOTTY, "ioctl %s %lx %s", path, request, (const char *)argument);
    case VFIO_DEVICE_BIND_IOMMUFD:
        return answer_to_call(ENOTTY, "ioctl %s %lx argsz=%u flags=%u %s", path, request, bind->argsz, bind->flags,
                              *slot_of(bind->iommufd));
    case VFIO_DEVICE_GET_REGION_INFO:
        return answer_to_call(ENOTTY, "ioctl %s %lx %u", path, request, words[2]);
    default:
        return answer_to_call(ENOTTY, "ioctl %s %lx", path, request);
    }
}

int system_ioctl(int descriptor, unsigned long request, void *argument)
{
    const char *answer = answer_to_ioctl(*slot_of(descriptor), request, argument);
    if (answer == NULL)
        return -1;
    /* Their arguments are a descriptor and a name, in which the kernel writes nothing. */
    if (request == VFIO_GROUP_SET_CONTAINER || request == VFIO_GROUP_GET_DEVICE_FD)
        return answer_value(answer);
    uint32_t argsz;
    if (strncmp(answer, "bytes ", 6) == 0) {
        memcpy(&argsz, argument, sizeof(argsz));
        if (request == VFIO_DEVICE_GET_INFO)
            answer_with_capabilities(argument, argsz, answer + 6, sizeof(struct vfio_device_info),
                                     offsetof(struct vfio_device_info, cap_offset));
        else
            answer_with_capabilities(argument, argsz, answer + 6, sizeof(struct vfio_region_info),
                                     offsetof(struct vfio_region_info, cap_offset));
        return 0;
    }
    if (strncmp(answer, "raw ", 4) == 0) {
        memcpy(&argsz, argument, sizeof(argsz));
        answer_raw(argument, argsz, answer + 4);
        return 0;
    }
    return answer_value(answer);
}
