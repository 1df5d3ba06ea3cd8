/* What `usher serve` does, whatever it serves: serve.c the shop, serve_apart.c the site alone. */
#ifndef APP_SERVE_INSIDE_H
#define APP_SERVE_INSIDE_H

#include <signal.h>

#include "adapters/clock.h"
#include "app/serve.h"

void block_signals(sigset_t *ret_signals);
/* Until the program is to end. */
void await_signal(const sigset_t *signals, struct real_clock *clock, struct log *log);
void set_base_url(struct config *config, struct arena *arena);
/* To standard error; the exit status of a program that was given what it cannot use. */
int complain_about(const char *complaint);

#endif
