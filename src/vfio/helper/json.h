/* Writes JSON values. The caller writes braces, names and commas, so that the shape of an answer stands in its verb. */
#ifndef GHPASS_VFIO_JSON_H
#define GHPASS_VFIO_JSON_H

#include "failure.h"

#include <stddef.h>
#include <stdio.h>

/* A string. Bytes outside printable ASCII are escaped one by one: arguments may be anything. */
void json_string(FILE *out, const char *text);

/* A string, or null for "". */
void json_string_or_null(FILE *out, const char *text);

/* Bytes as a string of lower-case hex digits. */
void json_hex(FILE *out, const unsigned char *bytes, size_t length);

/* `null`, or {"step":…,"errno":…,"path":…}. */
void json_failure(FILE *out, const struct failure *failure);

#endif
