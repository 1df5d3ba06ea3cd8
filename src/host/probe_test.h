/* Two small services for tests of the host: the probe answers what it is told to and keeps a diary
 * in its table; the echo tells events of its own when it hears some. */
#ifndef HOST_PROBE_TEST_H
#define HOST_PROBE_TEST_H

#include "tests/support/shop.h"

extern const uuid alice, bob, nobody;
extern const uuid thing; /* what the probe's answers wait for */

/* GET  /probe/anyone, /probe/maybe, /probe/mine: who asks, by its access.
 * POST /probe/anyone: signs in.
 * POST /probe/note, {"note", "status"?}: writes the note into the diary and tells UserCreated; then
 *      fails with that status, or answers 201 with how often the note stands there.
 * POST /probe/wait: writes "waiting", tells UserCreated of "wait", and answers when the diary has
 * the note "ready", else 202 when late; but fails with 503 if it has "broken". */
extern const struct service probe_service;
/* Hears UserCreated and UserUpdated and writes them into the diary; a name "later" is NOT_YET, one
 * "never" a conflict.  UserCreated named "twice" tells two UserUpdated. */
extern const struct service echo_service;

void probe_open(struct shop *shop);

/* The diary, its notes with a blank after each. */
const char *diary(struct shop *shop);
void write_diary(struct shop *shop, const char *note);
/* How many events the outbox holds. */
int64_t told_for_good(struct shop *shop);

/* A token for a user and session 1, 2, 3, as a cookie or bearer. */
str token_for(struct shop *shop, uuid user, instant expires_at);
str cookie_for(struct shop *shop, uuid user);

/* POST {"note", "status"}; 0 leaves the status out. */
int post_note(struct shop *shop, uuid who, const char *note, int status);

#endif
