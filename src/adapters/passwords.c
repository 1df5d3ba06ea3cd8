#include "adapters/passwords.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "adapters/thread.h"

struct job {
    struct work *work;
    struct arena *arena;
    void (*done)(void *context);
    void *context;
};

struct passwords {
    unsigned long long passes; /* over the memory */
    size_t memory;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    bool closing;
    struct job *jobs; /* a ring */
    size_t first;
    size_t count;
    size_t max;
    size_t thread_count;
    pthread_t threads[];
};

/* ---- the work ---- */

/* Absent if there was no memory for it. */
static str hash(const struct passwords *passwords, struct arena *arena, str password)
{
    char text[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str_alg(text, password.data, password.size, passwords->passes,
                              passwords->memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return (str){ NULL, 0 };
    return str_copy(arena, str_of(text));
}

static bool verify(str hash_text, str password)
{
    char text[crypto_pwhash_STRBYTES] = { 0 };
    if (hash_text.size == 0 || hash_text.size >= sizeof text)
        return false;
    memcpy(text, hash_text.data, hash_text.size);
    return crypto_pwhash_str_verify(text, password.data, password.size) == 0;
}

static void do_work(const struct passwords *passwords, const struct job *job)
{
    struct work *work = job->work;
    switch (work->kind) {
    case WORK_HASH:
        work->hash = hash(passwords, job->arena, work->password);
        work->ok = work->hash.data != NULL;
        break;
    case WORK_VERIFY:
        work->ok = verify(work->hash, work->password);
        if (work->ok && work->new_password.data != NULL)
            work->new_hash = hash(passwords, job->arena, work->new_password);
        break;
    case WORK_NONE:
        break;
    }
}

/* ---- the pool ---- */

/* The next job; false when the pool closes. */
static bool take(struct passwords *passwords, struct job *ret_job)
{
    pthread_mutex_lock(&passwords->mutex);
    while (passwords->count == 0 && !passwords->closing)
        pthread_cond_wait(&passwords->changed, &passwords->mutex);
    bool taken = !passwords->closing;
    if (taken) {
        *ret_job = passwords->jobs[passwords->first];
        passwords->first = (passwords->first + 1) % passwords->max;
        passwords->count--;
    }
    pthread_mutex_unlock(&passwords->mutex);
    return taken;
}

static void *run(void *context)
{
    struct passwords *passwords = context;
    struct job job;
    while (take(passwords, &job)) {
        do_work(passwords, &job);
        job.done(job.context);
    }
    return NULL;
}

struct passwords *passwords_open(size_t threads, size_t queue_max, enum password_cost cost)
{
    threads = threads > 0 ? threads : WORK_THREADS;
    queue_max = queue_max > 0 ? queue_max : WORK_QUEUE_MAX;
    int failed = sodium_init();
    assert(failed >= 0);
    struct passwords *passwords = calloc(1, sizeof *passwords + threads * sizeof(pthread_t));
    struct job *jobs = calloc(queue_max, sizeof *jobs);
    assert(passwords != NULL && jobs != NULL);
    bool fast = cost == PASSWORD_COST_FAST;
    passwords->passes = fast ? crypto_pwhash_argon2id_OPSLIMIT_MIN : PASSWORD_PASSES;
    passwords->memory = fast ? crypto_pwhash_argon2id_MEMLIMIT_MIN : PASSWORD_MEMORY;
    passwords->jobs = jobs;
    passwords->max = queue_max;
    passwords->thread_count = threads;
    failed = pthread_mutex_init(&passwords->mutex, NULL);
    assert(failed == 0);
    failed = pthread_cond_init(&passwords->changed, NULL);
    assert(failed == 0);
    for (size_t i = 0; i < threads; i++) {
        passwords->threads[i] = thread_start(run, passwords);
    }
    return passwords;
}

bool passwords_submit(struct passwords *passwords, struct work *work, struct arena *arena,
                      void (*done)(void *context), void *context)
{
    assert(work->kind != WORK_NONE);
    work->ok = false;
    work->undone = false;
    pthread_mutex_lock(&passwords->mutex);
    bool taken = !passwords->closing && passwords->count < passwords->max;
    if (taken) {
        size_t last = (passwords->first + passwords->count++) % passwords->max;
        passwords->jobs[last] = (struct job){ work, arena, done, context };
        pthread_cond_signal(&passwords->changed);
    }
    pthread_mutex_unlock(&passwords->mutex);
    return taken;
}

void passwords_close(struct passwords *passwords)
{
    pthread_mutex_lock(&passwords->mutex);
    passwords->closing = true;
    pthread_cond_broadcast(&passwords->changed);
    pthread_mutex_unlock(&passwords->mutex);
    for (size_t i = 0; i < passwords->thread_count; i++)
        pthread_join(passwords->threads[i], NULL);
    for (size_t i = 0; i < passwords->count; i++) {
        struct job *job = &passwords->jobs[(passwords->first + i) % passwords->max];
        job->work->undone = true;
        job->done(job->context);
    }
    pthread_cond_destroy(&passwords->changed);
    pthread_mutex_destroy(&passwords->mutex);
    free(passwords->jobs);
    free(passwords);
}
