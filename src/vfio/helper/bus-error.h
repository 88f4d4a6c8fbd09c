/* Accesses that the machine may refuse: SIGBUS becomes an answer, and the thread goes on behind the access. */
#ifndef GHPASS_VFIO_BUS_ERROR_H
#define GHPASS_VFIO_BUS_ERROR_H

#include <stdbool.h>

struct bus_error {
    bool happened;
    int code; /* si_code: BUS_ADRERR 2 where nothing is behind the address, BUS_MCEERR_AR 4 where memory failed */
    const void *address; /* si_addr */
};

/* Installs the handler. Outside of bus_guarded() a SIGBUS still ends the process. */
void bus_error_catch(void);

/*
 * Calls `action`. False where a SIGBUS ended it, `error` then says where. The action must hold nothing that would have to
 * be given back: it is left in the middle.
 */
bool bus_guarded(void (*action)(void *argument), void *argument, struct bus_error *error);

#endif
