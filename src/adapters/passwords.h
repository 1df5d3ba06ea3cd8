/* Passwords are hashed and verified with Argon2id on threads of their own: slow on purpose, and
 * bounded, so that a flood of sign-ins costs a 503 and not the shop. */
#ifndef ADAPTERS_PASSWORDS_H
#define ADAPTERS_PASSWORDS_H

#include "web/web.h"

/* OWASP's minimum for Argon2id: 19 MiB, two passes, one lane. */
#define PASSWORD_MEMORY (19 * 1024 * 1024)
#define PASSWORD_PASSES 2

/* FAST is for tests only: what it makes can be guessed fast, too. */
enum password_cost { PASSWORD_COST_OWASP, PASSWORD_COST_FAST };

struct passwords;

/* 0 threads or queue_max: WORK_THREADS, WORK_QUEUE_MAX. */
struct passwords *passwords_open(size_t threads, size_t queue_max, enum password_cost cost);

/* Does the work and then calls done on a thread of the pool, exactly once.  False, and no call:
 * the queue is full (answer 503) or the pool is closing.  Until done, work and what it points to
 * belong to the pool, and so does the arena, in which the hash will live. */
bool passwords_submit(struct passwords *passwords, struct work *work, struct arena *arena,
                      void (*done)(void *context), void *context);

/* Finishes what is under way; what waits is called done without having been done (ok is false). */
void passwords_close(struct passwords *passwords);

#endif
