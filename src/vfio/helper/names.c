#include "names.h"

#include <stddef.h>
#include <string.h>

#define LOWER_HEX "0123456789abcdef"

bool is_pci_address(const char *text)
{
    size_t domain = strspn(text, LOWER_HEX);
    if (domain < 4 || domain > 8 || text[domain] != ':')
        return false;
    const char *bus = text + domain + 1;
    if (strspn(bus, LOWER_HEX) != 2 || bus[2] != ':')
        return false;
    const char *device = bus + 3;
    return (device[0] == '0' || device[0] == '1') && strspn(device, LOWER_HEX) == 2 && device[2] == '.' &&
           device[3] >= '0' && device[3] <= '7' && device[4] == '\0';
}

bool is_driver_name(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return length >= 1 && length <= 64 && text[length] == '\0';
}

bool is_override(const char *text)
{
    size_t length = 0;
    while (text[length] >= ' ' && text[length] <= '~')
        length++;
    return length >= 1 && length <= 255 && text[length] == '\0';
}

bool is_numbered(const char *text, const char *prefix)
{
    size_t skipped = strlen(prefix);
    if (strncmp(text, prefix, skipped) != 0)
        return false;
    size_t digits = strspn(text + skipped, "0123456789");
    return digits >= 1 && digits <= 10 && text[skipped + digits] == '\0';
}
