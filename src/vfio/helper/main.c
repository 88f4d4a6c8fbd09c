/* ghpass-vfio: makes the system calls that ghpass needs and prints what they returned. README.md has the protocol. */
#define _POSIX_C_SOURCE 200809L

#include "verbs.h"

#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, EXIT_INTERNAL = 70 };

struct verb {
    const char *name;
    const char *parameters;
    int count_min;
    int count_max;
    bool (*run)(FILE *out, int count, char **arguments);
};

static const struct verb verbs[] = {
    {"probe", " ADDRESS [--via cdev|group]", 1, 3, verb_probe},
    {"memory",
     " ADDRESS quick|full|scrub --area REGION:OFFSET:SIZE:cached|combined... [--threads N] [--cpus LIST] "
     "[--via cdev|group]",
     4, 24, verb_memory},
    {"bind", " ADDRESS DRIVER", 2, 2, verb_bind},
    {"unbind", " ADDRESS DRIVER", 2, 2, verb_unbind},
    {"override", " ADDRESS [DRIVER]", 1, 2, verb_override},
    {"kvm", "", 0, 0, verb_kvm},
    {"steps", "", 0, 0, verb_steps},
    {"version", "", 0, 0, verb_version},
};
static const size_t verb_count = sizeof(verbs) / sizeof(verbs[0]);

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < verb_count; i++) {
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    }
    return NULL;
}

static int refuse_verb(const char *name)
{
    if (name == NULL)
        fputs("ghpass-vfio: no verb given\n", stderr);
    else
        fprintf(stderr, "ghpass-vfio: unknown verb '%s'\n", name);
    for (size_t i = 0; i < verb_count; i++)
        fprintf(stderr, "%s ghpass-vfio %s%s\n", i == 0 ? "usage:" : "      ", verbs[i].name, verbs[i].parameters);
    return EXIT_USAGE;
}

static int refuse_arguments(const struct verb *verb)
{
    fprintf(stderr, "ghpass-vfio: wrong arguments for '%s'\nusage: ghpass-vfio %s%s\n", verb->name, verb->name,
            verb->parameters);
    return EXIT_USAGE;
}

static int fail_internally(const char *what)
{
    fprintf(stderr, "ghpass-vfio: ");
    perror(what);
    return EXIT_INTERNAL;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return refuse_verb(NULL);
    const struct verb *verb = find_verb(argv[1]);
    if (verb == NULL)
        return refuse_verb(argv[1]);
    int count = argc - 2;
    if (count < verb->count_min || count > verb->count_max)
        return refuse_arguments(verb);

    /* Collected first, printed at once: whoever reads an answer knows that the device is closed again. */
    char *answer = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&answer, &length);
    if (out == NULL)
        return fail_internally("open_memstream");
    bool accepted = verb->run(out, count, argv + 2);
    bool written = ferror(out) == 0;
    written = fclose(out) == 0 && written;

    int status = EXIT_SUCCESS;
    if (!accepted)
        status = refuse_arguments(verb);
    else if (!written)
        status = fail_internally("memory for the answer");
    else if (fwrite(answer, 1, length, stdout) != length || putchar('\n') == EOF || fflush(stdout) != 0)
        status = fail_internally("stdout");
    free(answer);
    return status;
}
