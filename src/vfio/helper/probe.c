#include "device.h"
#include "json.h"
#include "names.h"
#include "verbs.h"

#include <string.h>

static void probe(FILE *out, const char *address, const char *via, struct failure *failure)
{
    struct vfio_handle handle = {.device = -1, .group = -1, .iommu = -1};
    if (vfio_open(address, via, &handle, failure))
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
    *via = vfio_via_named(arguments[1]);
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
        via = valid ? vfio_via_possible(address) : via_group;

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
