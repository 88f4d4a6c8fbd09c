/*
 * The verbs. Each writes its whole answer to `out`, which is printed when it has closed what it opened, and gives false
 * where the arguments are not those of its usage; `count` was checked against the table in main.c.
 */
#ifndef GHPASS_VFIO_VERBS_H
#define GHPASS_VFIO_VERBS_H

#include <stdbool.h>
#include <stdio.h>

#define PROTOCOL_SCHEMA 1

bool verb_probe(FILE *out, int count, char **arguments);
bool verb_memory(FILE *out, int count, char **arguments);
bool verb_bind(FILE *out, int count, char **arguments);
bool verb_unbind(FILE *out, int count, char **arguments);
bool verb_override(FILE *out, int count, char **arguments);
bool verb_kvm(FILE *out, int count, char **arguments);
bool verb_steps(FILE *out, int count, char **arguments);
bool verb_version(FILE *out, int count, char **arguments);

#endif
