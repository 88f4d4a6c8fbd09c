#include "json.h"
#include "names.h"
#include "system.h"
#include "verbs.h"

#include <fcntl.h>
#include <string.h>

struct operation {
    const char *attribute;
    enum step open_step;
    enum step write_step;
};

static void write_attribute(const char *path, const char *text, const struct operation *operation,
                            struct failure *failure)
{
    int attribute = system_open(path, O_WRONLY);
    if (attribute < 0) {
        fail_with_errno(failure, operation->open_step, path);
        return;
    }
    size_t length = strlen(text);
    ssize_t written = system_write(attribute, text, length);
    if (written < 0)
        fail_with_errno(failure, operation->write_step, path);
    else if ((size_t)written != length)
        fail_without_errno(failure, operation->write_step, path);
    system_close(attribute);
}

static void answer(FILE *out, const char *address, const char *driver, const char *path, const struct failure *failure)
{
    fprintf(out, "{\"schema\":%d,\"address\":", PROTOCOL_SCHEMA);
    json_string(out, address);
    fputs(",\"driver\":", out);
    json_string_or_null(out, driver);
    fputs(",\"path\":", out);
    json_string_or_null(out, path);
    fputs(",\"error\":", out);
    json_failure(out, failure);
    fputc('}', out);
}

/*
 * drivers/base/bus.c, bind_store and unbind_store: one write(2) is one request; it returns when the driver's probe or
 * remove has returned. bind gives that probe's errno, which drivers_probe would hide.
 */
static void ask_driver(FILE *out, const char *address, const char *driver, const struct operation *operation)
{
    struct failure failure = {0};
    char path[PATH_SIZE] = "";
    bool valid = (is_pci_address(address) || fail_without_errno(&failure, STEP_ADDRESS_FORMAT, "")) &&
                 (is_driver_name(driver) || fail_without_errno(&failure, STEP_DRIVER_FORMAT, ""));
    if (valid) {
        build_path(path, "/sys/bus/pci/drivers/%s/%s", driver, operation->attribute);
        write_attribute(path, address, operation, &failure);
    }
    answer(out, address, driver, path, &failure);
}

bool verb_bind(FILE *out, int count, char **arguments)
{
    static const struct operation bind = {"bind", STEP_DRIVER_BIND_OPEN, STEP_DRIVER_BIND};
    (void)count;
    ask_driver(out, arguments[0], arguments[1], &bind);
    return true;
}

bool verb_unbind(FILE *out, int count, char **arguments)
{
    static const struct operation unbind = {"unbind", STEP_DRIVER_UNBIND_OPEN, STEP_DRIVER_UNBIND};
    (void)count;
    ask_driver(out, arguments[0], arguments[1], &unbind);
    return true;
}

/*
 * drivers/base/driver.c, driver_set_override: takes the lock of the device, which a probe or remove holds as long as it
 * runs, so that this write can hang as theirs can. A newline clears the override.
 */
bool verb_override(FILE *out, int count, char **arguments)
{
    static const struct operation set = {"driver_override", STEP_DRIVER_OVERRIDE_OPEN, STEP_DRIVER_OVERRIDE};
    const char *address = arguments[0];
    const char *driver = count == 2 ? arguments[1] : "";
    struct failure failure = {0};
    char path[PATH_SIZE] = "";
    bool valid = (is_pci_address(address) || fail_without_errno(&failure, STEP_ADDRESS_FORMAT, "")) &&
                 (count == 1 || is_override(driver) || fail_without_errno(&failure, STEP_DRIVER_FORMAT, ""));
    if (valid) {
        build_path(path, "/sys/bus/pci/devices/%s/%s", address, set.attribute);
        write_attribute(path, count == 2 ? driver : "\n", &set, &failure);
    }
    answer(out, address, driver, path, &failure);
    return true;
}
