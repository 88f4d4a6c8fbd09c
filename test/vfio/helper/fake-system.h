/* What the parts of the tests' kernel know of each other. */
#ifndef GHPASS_FAKE_SYSTEM_H
#define GHPASS_FAKE_SYSTEM_H

#include <stdbool.h>

/* What the descriptor was opened as. */
const char *fake_path_of(int descriptor);

/*
 * Traces the call and looks for its answer in the scenario. False where there is none; `answer` is NULL where it is an
 * errno, which then is set.
 */
bool fake_answer(const char **answer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the process: the scenario or the helper makes no sense. */
_Noreturn void fake_stop(const char *what);

/* A line `memory PATH POSITION = …` of the scenario. */
void fake_memory_declare(const char *path, const char *position, const char *description);

#endif
