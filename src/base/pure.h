/* Forced into every file of a pure layer (-include base/pure.h).
 *
 * A pure layer sees the world only through its arguments, so that the simulator can replay
 * it from a seed.  These functions would let the world in by the back door, or write past
 * the end of something; calling one does not compile.  What is not declared in the headers
 * below (files, sockets, threads, sleeping) is out of reach: tools/layers.txt grants a pure
 * layer no header that has it. */
#ifndef BASE_PURE_H
#define BASE_PURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef NDEBUG
#error "asserts are part of the program: do not define NDEBUG"
#endif

/* NOLINTBEGIN(bugprone-macro-parentheses): a declaration takes none */
#define BANNED(function, instead) \
    extern __typeof__(function) function __attribute__((unavailable(instead)))
/* NOLINTEND(bugprone-macro-parentheses) */

/* clang-format off */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wignored-attributes" /* clang: of those inlined by libc */

/* the clock */
BANNED(time,          "use op->now");
BANNED(clock,         "use op->now");
BANNED(clock_gettime, "use op->now");
BANNED(timespec_get,  "use op->now");
BANNED(nanosleep,     "nothing pure waits");
BANNED(localtime,     "it asks for the time zone");
BANNED(localtime_r,   "it asks for the time zone");
BANNED(mktime,        "it asks for the time zone");
BANNED(ctime,         "it asks for the time zone");
BANNED(gmtime,        "it keeps its answer in a global");
BANNED(strftime,      "it asks for the locale");

/* chance */
BANNED(rand,    "use op->random");
BANNED(srand,   "use op->random");
BANNED(random,  "use op->random");
BANNED(srandom, "use op->random");
BANNED(drand48, "use op->random");
BANNED(arc4random,         "use op->random");
BANNED(arc4random_buf,     "use op->random");
BANNED(arc4random_uniform, "use op->random");

/* the process and its surroundings */
BANNED(getenv,        "use the configuration");
BANNED(secure_getenv, "use the configuration");
BANNED(setenv,        "use the configuration");
BANNED(system,        "nothing pure starts a program");
BANNED(popen,         "nothing pure starts a program");
BANNED(exit,          "return an err");
BANNED(atexit,        "nothing pure outlives its operation");

/* files and output */
BANNED(printf,  "nothing pure logs");
BANNED(vprintf, "nothing pure logs");
BANNED(puts,    "nothing pure logs");
BANNED(putchar, "nothing pure logs");
BANNED(fprintf, "nothing pure logs");
BANNED(fputs,   "nothing pure logs");
BANNED(perror,  "nothing pure logs");
BANNED(fopen,   "nothing pure reads files");
BANNED(fdopen,  "nothing pure reads files");
BANNED(fread,   "nothing pure reads files");
BANNED(fwrite,  "nothing pure writes files");
BANNED(remove,  "nothing pure writes files");
BANNED(rename,  "nothing pure writes files");

/* memory: an operation owns its arena.  PURE_OWNS_MEMORY is for the arena's own file. */
#ifndef PURE_OWNS_MEMORY
BANNED(malloc,  "use the arena");
BANNED(calloc,  "use the arena");
BANNED(realloc, "use the arena");
BANNED(strdup,  "use the arena");
BANNED(strndup, "use the arena");
BANNED(asprintf, "use the arena");
#endif

/* strings without an end, numbers without an error */
BANNED(strcpy,   "use str");
BANNED(strcat,   "use str");
BANNED(strncpy,  "use str");
BANNED(strncat,  "use str");
BANNED(stpcpy,   "use str");
BANNED(sprintf,  "use snprintf");
BANNED(vsprintf, "use vsnprintf");
BANNED(strtok,   "use str");
BANNED(strcoll,  "it asks for the locale");
BANNED(sscanf,   "it accepts too much");
BANNED(atoi,     "it cannot fail");
BANNED(atol,     "it cannot fail");
BANNED(atoll,    "it cannot fail");
BANNED(atof,     "it cannot fail");
BANNED(strerror, "it asks for the locale");
#pragma GCC diagnostic pop
/* clang-format on */

#undef BANNED

#endif
