/* A visit: somebody looks at a page.  What every page needs: who it is, the frame around the page,
 * asking the API, and the ways in which a page ends: shown, redirected, or refused. */
#ifndef SITE_VISIT_H
#define SITE_VISIT_H

#include "site/inputs.h"
#include "site/records.h"
#include "site/voice.h"
#include "web/web.h"

/* What stands around every page; the first member of every page's record. */
struct frame {
    str language;
    str other_language; /* to switch to */
    bool signed_in;
    struct user user; /* if signed in */
    str here;         /* path and query of this page, to come back to */
    str key;          /* once per page: makes its forms' requests idempotent */
    str said;         /* what has just happened: a key of the texts, said.…; absent: nothing */
    instant now;
};
extern const struct field frame_fields[];

enum audience { EVERYBODY, SIGNED_IN_ONLY };

struct visit {
    struct op *op;
    const struct request *request;
    struct response *response;
    struct voice voice;
    struct frame frame;
    struct form_text *texts; /* of the form that was sent */
    size_t text_count;
};

/* ---- planning ---- */

/* Asks who it is, first of all.  False: nothing else is to be asked now, or at all. */
bool plan_begin(struct op *op, const struct request *request, struct asks *asks,
                enum audience audience);
/* The number of the ask that comes next: 1 after plan_begin(). */
struct ask *plan_get(struct asks *asks, str path, str query);
/* Something that changes; with the key of the form, made particular by what it is for. */
struct ask *plan_change(struct op *op, const struct request *request, struct asks *asks,
                        enum method method, str path, const char *purpose);
/* A text of the form that was sent; absent if there is none. */
str sent_text(struct op *op, const struct request *request, const char *name);
/* /api/orders/ and the id at that place of the path. */
str api_path(struct op *op, const char *prefix, const struct request *request, size_t param);

/* ---- showing ---- */

/* False: the visitor was sent away or refused, and the response is done.  back: where to go on
 * after signing in; absent: here. */
bool visit_begin(struct visit *visit, struct op *op, const struct request *request,
                 struct response *response, enum audience audience, str back);
/* The answer to an ask; 0 is who it is. */
const struct response *visit_answer(const struct visit *visit, size_t ask);
/* Whether it was asked and answered well. */
bool visit_got(const struct visit *visit, size_t ask);

/* page->frame is filled here.  status: 200 or that of what went wrong with a form. */
err visit_show(struct visit *visit, const struct template *page, const struct field *fields,
               void *record, int status);
/* The same, for pages that anonymous visitors may keep and ask about again. */
err visit_show_cacheable(struct visit *visit, const struct template *page,
                         const struct field *fields, void *record);
/* 303; said: a key of the texts (said.…) that the next page shows, or NULL. */
err visit_redirect(struct visit *visit, str to, const char *said);
/* The page for an answer of the API that cannot be used. */
err visit_refuse(struct visit *visit, const struct response *answer);
err visit_refuse_status(struct visit *visit, int status);

/* Where the API's Location points, as an id in text: the last segment; absent if none. */
str located_id(const struct response *answer);
str path_with(struct op *op, const char *prefix, str id, const char *suffix);

/* Adds a cookie of the site's own. */
void visit_cookie(struct visit *visit, const char *name, str value, int64_t age_s);

#endif
