/* Every limit of the program, in one place, with what a client gets beyond it. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* HTTP: what one client may send. */
#define BODY_BYTES_MAX              (64 * 1024) /* 413 */
#define HEADER_BYTES_MAX            (8 * 1024)  /* 431: a request's first line and headers */
#define TARGET_BYTES_MAX            2048        /* 414: path and query */
#define HEADER_SECONDS_MAX          10    /* first byte of a request to its last header: closed */
#define BODY_SECONDS_MAX            30    /* the same for its body: 408 or closed */
#define SEND_SECONDS_MAX            60    /* until an answer has been taken: closed */
#define IDLE_SECONDS_MAX            75    /* keep-alive: closed */
#define QUIET_SECONDS_MAX           20    /* a stream without news: a sign of life */
#define LISTENERS_MAX               16384 /* who hear of tickets as they change: 503 */
#define LISTENERS_PER_ADDRESS_MAX   1024  /* 503 */
#define CONNECTIONS_MAX             8192  /* beyond: refused at accept */
#define CONNECTIONS_PER_ADDRESS_MAX 4096  /* beyond: refused at accept */
#define IDEMPOTENCY_KEY_MAX         255   /* characters; 400 */
#define REQUEST_ID_MAX              64    /* characters; longer or odd ones are replaced */

/* Queues and pools: beyond, 503 with Retry-After. */
#define WRITER_QUEUE_MAX 4096 /* operations waiting for the writer */
#define WRITER_BATCH_MAX 256  /* operations of one commit */
#define WORK_QUEUE_MAX   256  /* passwords waiting to be hashed */
#define WORK_THREADS     1
#define OUTCALL_THREADS  4    /* calls to Stripe under way */
#define WAITING_MAX      4096 /* answers that wait for something to happen */
#define API_CALLS_MAX    256  /* of a site hosted apart to the API, under way */

/* Lists. */
#define LIST_DEFAULT     20
#define LIST_MAX         100 /* 400 */
#define CURSOR_BYTES_MAX 512 /* 400 */
#define SEARCH_CHARS_MAX 100 /* 400 */

/* Texts, in characters (400 each). */
#define TITLE_MAX         200
#define DESCRIPTION_MAX   5000
#define VENUE_MAX         200
#define SEAT_MAX          100
#define PERSON_NAME_MAX   100
#define EMAIL_MAX         254
#define PASSWORD_MIN      8
#define PASSWORD_MAX      128
#define PAYMENT_TOKEN_MAX 255

/* Money, in minor units: what Stripe takes in USD, and what is a ticket. */
#define PRICE_MIN 50       /* 0.50 */
#define PRICE_MAX 99999999 /* 999,999.99 */

/* Inside. */
#define JSON_DEPTH_MAX           32 /* 400 */
#define JSON_DIGITS_MAX          15 /* significant digits of a number: 400 */
#define ARENA_CHUNK_BYTES        (16 * 1024)
#define ARENA_KEEP_BYTES         (256 * 1024) /* what an arena keeps between two operations */
#define ARENA_BYTES_MAX          (64 * 1024 * 1024)
#define EVENTS_PER_OPERATION_MAX 64 /* more is a loop between services: the program stops */
#define SESSIONS_PER_USER_MAX    20 /* one more sign-in ends the oldest */
#define STALE_RETRIES_MAX        5  /* an operation that was overtaken: then 503 */
#define RESPONSE_HEADERS_MAX     16

#endif
