/*
 * Which addresses and names are let into a path. The helper runs privileged, and what it is given ends up in /sys and
 * /dev: nothing but these alphabets gets through.
 */
#ifndef GHPASS_VFIO_NAMES_H
#define GHPASS_VFIO_NAMES_H

#include <stdbool.h>

/* dddd:bb:dd.f as the kernel prints it: lower-case hex, domain of 4 to 8 digits, device up to 1f, function up to 7. */
bool is_pci_address(const char *text);

/* A directory of /sys/bus/pci/drivers: [A-Za-z0-9_-]{1,64}. */
bool is_driver_name(const char *text);

/* What driver_override may be given back: anything that it shows as one line, [ -~]{1,255}. It becomes no part of a path. */
bool is_override(const char *text);

/* `prefix` followed by a decimal number of up to 10 digits, such as vfio0 or (with an empty prefix) group 12. */
bool is_numbered(const char *text, const char *prefix);

#endif
