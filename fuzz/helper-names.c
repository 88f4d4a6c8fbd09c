/*
 * What the helper lets into a path, fuzzed with libFuzzer. An oracle of its own says what may get through: nothing that
 * names another directory.
 */
#include "names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void must(int kept)
{
    if (!kept)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    size_t length = strlen(text);
    int leaves = strchr(text, '/') != NULL || strstr(text, "..") != NULL || strchr(text, '\n') != NULL;
    if (is_pci_address(text))
        must(!leaves && length >= 12 && length <= 16);
    if (is_driver_name(text))
        must(!leaves && length >= 1 && length <= 64);
    if (is_override(text))
        must(strchr(text, '\n') == NULL && length >= 1 && length <= 255);
    if (is_numbered(text, "vfio"))
        must(!leaves && length >= 5 && length <= 14);
    if (is_numbered(text, ""))
        must(!leaves && length >= 1 && length <= 10);
    free(text);
    return 0;
}
