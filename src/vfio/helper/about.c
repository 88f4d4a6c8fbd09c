/* The verbs that tell about the helper itself. */
#include "json.h"
#include "steps.h"
#include "verbs.h"

#ifndef GHPASS_VERSION
#error "compile with -DGHPASS_VERSION='\"1.2.3\"', as scripts/build-helper.js does"
#endif

bool verb_steps(FILE *out, int count, char **arguments)
{
    (void)count;
    (void)arguments;
    for (int step = 0; step < STEP_COUNT; step++) {
        fputs(step == 0 ? "[" : ",", out);
        json_string(out, step_name((enum step)step));
    }
    fputc(']', out);
    return true;
}

bool verb_version(FILE *out, int count, char **arguments)
{
    (void)count;
    (void)arguments;
    fprintf(out, "{\"schema\":%d,\"version\":", PROTOCOL_SCHEMA);
    json_string(out, GHPASS_VERSION);
    fputc('}', out);
    return true;
}
