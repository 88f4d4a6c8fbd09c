#include "device.h"
#include "json.h"
#include "names.h"
#include "system.h"
#include "verbs.h"

#include <string.h>

static const char via_cdev[] = "cdev";
static const char via_group[] = "group";

static bool find_device(const char *address, struct failure *failure)
{
    char path[PATH_SIZE];
    build_path(path, "/sys/bus/pci/devices/%s", address);
    return system_exists(path) == 0 || fail_with_errno(failure, STEP_DEVICE_FIND, path);
}

static void probe(FILE *out, const char *address, const char *via, struct failure *failure)
{
    struct vfio_handle handle = {.device = -1, .group = -1, .iommu = -1};
    bool open = find_device(address, failure) &&
                (via == via_cdev ? cdev_open(address, &handle, failure) : group_open(address, &handle, failure));
    if (open)
        write_device(out, &handle, failure);
    else
        fputs("\"deviceInfo\":null,\"regions\":[]", out);
    vfio_close(&handle);
}

/* `--via WAY` of the arguments behind ADDRESS; NULL in `via` where it is not given. False for anything else. */
static bool parse_via(int count, char **arguments, const char **via)
{
    *via = NULL;
    if (count == 0)
        return true;
    if (count != 2 || strcmp(arguments[0], "--via") != 0)
        return false;
    if (strcmp(arguments[1], via_cdev) == 0)
        *via = via_cdev;
    else if (strcmp(arguments[1], via_group) == 0)
        *via = via_group;
    return *via != NULL;
}

bool verb_probe(FILE *out, int count, char **arguments)
{
    const char *address = arguments[0];
    const char *via;
    if (!parse_via(count - 1, arguments + 1, &via))
        return false;

    struct failure failure = {0};
    bool valid = is_pci_address(address) || fail_without_errno(&failure, STEP_ADDRESS_FORMAT, "");
    if (via == NULL)
        via = valid && cdev_is_available(address) ? via_cdev : via_group;

    fprintf(out, "{\"schema\":%d,\"address\":", PROTOCOL_SCHEMA);
    json_string(out, address);
    fputs(",\"via\":", out);
    json_string(out, via);
    fputc(',', out);
    if (valid)
        probe(out, address, via, &failure);
    else
        fputs("\"deviceInfo\":null,\"regions\":[]", out);
    fputs(",\"error\":", out);
    json_failure(out, &failure);
    fputc('}', out);
    return true;
}
