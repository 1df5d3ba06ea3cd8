/* What the host's files share among themselves. */
#ifndef HOST_PARTS_H
#define HOST_PARTS_H

#include "host/host.h"

/* host.c: delivers the events of this operation, and those that their listeners tell. */
err host_deliver(const struct host *host, struct op *op);

/* cards.c: whether it has a payment card's number anywhere that is read or kept. */
bool request_has_card_number(struct arena *arena, const struct request *request);

/* ---- sessions.c: who asks ---- */

/* Reads the session token, which takes no transaction: fills request->signer and so on. */
void session_read_signer(struct op *op, struct request *request);
/* The signed-in caller of a request, or nobody: all zero. */
err session_caller(struct op *op, const struct request *request, struct caller *ret_caller);
err session_revoke(struct op *op, const struct session_end *end);
err session_forget_old(struct op *op, bool *ret_more);

extern const struct query session_insert_revoked, session_find_revoked, session_delete_old;

/* ---- idempotency.c: requests that come twice ---- */

enum remembered {
    REMEMBERED_NOTHING, /* the first request with this key */
    REMEMBERED_ANSWER,  /* the response is the first one's */
    REMEMBERED_WAITING, /* the first one waits: response->wait says for what */
    REMEMBERED_OTHER,   /* the key was used for another request */
};

/* What is known of a request with an Idempotency-Key of this caller. */
err idempotency_recall(struct op *op, const struct request *request, struct response *response,
                       enum remembered *ret_remembered);
/* Remembers the response, or what it waits for.  Answers that a retry may better are not kept. */
err idempotency_remember(struct op *op, const struct request *request,
                         const struct response *response);
/* Replaces what is remembered of a request that waited. */
err idempotency_settle(struct op *op, const struct request *request,
                       const struct response *response);
err idempotency_forget_old(struct op *op, bool *ret_more);

extern const struct query idempotency_find, idempotency_insert, idempotency_update,
    idempotency_delete, idempotency_delete_outdated, idempotency_delete_old;

#endif
