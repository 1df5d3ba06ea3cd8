/* A client for tests that says exactly what it is told to, byte for byte. */
#ifndef ADAPTERS_HTTP_WIRE_H
#define ADAPTERS_HTTP_WIRE_H

#include "base/str.h"

#define WIRE_BYTES_MAX (256 * 1024)

/* What came back. */
struct answer {
    int status; /* 0: the connection ended without an answer */
    char *head; /* with its last empty line; NUL-terminated */
    char *body; /* NUL-terminated */
    size_t body_size;
    bool whole; /* the body is as long as Content-Length says */
    char bytes[WIRE_BYTES_MAX];
};

/* Fails the test if nobody listens. */
int wire_open(const char *address);
bool wire_try(const char *address); /* whether anybody listens */
void wire_close(int fd);
/* False if the other side has hung up. */
bool wire_say(int fd, str bytes);
#define WIRE_SAY(fd, text) assert_true(wire_say((fd), str_of(text)))
/* Reads one answer; to a HEAD, one without a body.  Fails the test after some seconds of silence.
 */
void wire_hear(int fd, struct answer *ret_answer);
void wire_hear_head(int fd, struct answer *ret_answer);
/* Whether the other side hangs up, within some seconds, saying nothing more. */
bool wire_ends(int fd);
/* The same, whatever it says before. */
bool wire_drains(int fd);
/* Whether it is still open and silent for some milliseconds. */
bool wire_stays_silent(int fd, int ms);
/* A header's value as text up to the end of its line; NULL if there is none. */
const char *wire_header(const struct answer *answer, const char *name);

#endif
