#define _POSIX_C_SOURCE 200809L

#include "bus-error.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>

/* A SIGBUS of an access goes to the thread that made it, so each thread has a way back of its own. */
static _Thread_local sigjmp_buf way_back;
static _Thread_local volatile sig_atomic_t is_guarded;
static _Thread_local int caught_code;
static _Thread_local const void *caught_address;

static void on_bus_error(int signal_number, siginfo_t *information, void *context)
{
    (void)context;
    if (!is_guarded) {
        /* Not ours: the default action ends the process as soon as the access is tried again. */
        signal(signal_number, SIG_DFL);
        return;
    }
    caught_code = information->si_code;
    caught_address = information->si_addr;
    siglongjmp(way_back, 1);
}

void bus_error_catch(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGBUS, &action, NULL);
}

bool bus_guarded(void (*action)(void *argument), void *argument, struct bus_error *error)
{
    if (sigsetjmp(way_back, 1) != 0) {
        is_guarded = 0;
        *error = (struct bus_error){.happened = true, .code = caught_code, .address = caught_address};
        return false;
    }
    is_guarded = 1;
    action(argument);
    is_guarded = 0;
    return true;
}
