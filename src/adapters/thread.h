/* Threads of the program: signals are the main thread's to handle. */
#ifndef ADAPTERS_THREAD_H
#define ADAPTERS_THREAD_H

#include <assert.h>
#include <pthread.h>
#include <signal.h>

/* Starts a thread that no signal interrupts; stops the program if there can be none. */
static inline pthread_t thread_start(void *(*run)(void *context), void *context)
{
    sigset_t every, before;
    sigfillset(&every);
    int failed = pthread_sigmask(SIG_SETMASK, &every, &before);
    assert(failed == 0);
    pthread_t thread;
    failed = pthread_create(&thread, NULL, run, context);
    assert(failed == 0);
    failed = pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert(failed == 0);
    return thread;
}

#endif
