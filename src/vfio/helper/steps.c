#include "steps.h"

#define STEP_AS_NAME(identifier, name) name,
static const char *const names[STEP_COUNT] = {STEPS(STEP_AS_NAME)};

const char *step_name(enum step step)
{
    return names[step];
}
