/* Errors as values: OK, or the problem that a client may be told. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

enum status {
    /* Never leave the program: */
    STATUS_STALE = 1,   /* another operation was faster (no row had that version): run it again */
    STATUS_NOT_YET = 2, /* an event that cannot be handled before another: deliver it later */
    /* HTTP (RFC 9110): */
    STATUS_OK = 200,
    STATUS_CREATED = 201,
    STATUS_ACCEPTED = 202,
    STATUS_NO_CONTENT = 204,
    STATUS_NOT_MODIFIED = 304,
    STATUS_INVALID = 400,
    STATUS_UNAUTHORIZED = 401,
    STATUS_PAYMENT_REQUIRED = 402,
    STATUS_FORBIDDEN = 403,
    STATUS_NOT_FOUND = 404,
    STATUS_METHOD_NOT_ALLOWED = 405,
    STATUS_CONFLICT = 409,
    STATUS_TOO_LARGE = 413,
    STATUS_UNSUPPORTED = 415,
    STATUS_UNPROCESSABLE = 422,
    STATUS_TOO_MANY = 429,
    STATUS_BROKEN = 500,
    STATUS_UNAVAILABLE = 503,
};

struct problem {
    enum status status;
    const char *message;        /* for people; NUL-terminated; says nothing of the inside */
    const char *field;          /* the input at fault as the client names it, or NULL */
    const struct problem *next; /* a form may have several, in the order of its fields */
    int retry_after_s;          /* with 429 and 503 */
};

/* clang knows the attribute on types, so one build of two checks every call. */
#if defined(__clang__)
#define NODISCARD __attribute__((warn_unused_result))
#else
#define NODISCARD
#endif

/* OK, or the reason why not. */
typedef struct NODISCARD err {
    const struct problem *problem;
} err;

#define OK              ((err){ NULL })
#define FAIL(a_problem) ((err){ &(a_problem) })

/* Returns the error of a call, if it has one. */
#define TRY(call)          \
    do {                   \
        err try_ = (call); \
        if (try_.problem)  \
            return try_;   \
    } while (0)

/* Like TRY, but one expected status becomes a problem in our own words. */
#define TRY_OR(call, expected, a_problem)                                       \
    do {                                                                        \
        err try_ = (call);                                                      \
        if (try_.problem)                                                       \
            return try_.problem->status == (expected) ? FAIL(a_problem) : try_; \
    } while (0)

static inline int err_is(err e, enum status status)
{
    return e.problem != NULL && e.problem->status == status;
}

/* Problems that need no words of their own. */
extern const struct problem problem_stale;
extern const struct problem problem_not_yet;
extern const struct problem problem_conflict;
extern const struct problem problem_not_found;    /* 404 "Not found" */
extern const struct problem problem_forbidden;    /* 403 "Not allowed" */
extern const struct problem problem_unauthorized; /* 401 "Not signed in" */
extern const struct problem problem_broken;       /* 500 "Something went wrong" */

#endif
