/* The simulator's pages for people: plain HTML, without scripts, and one style sheet. */
#ifndef STRIPE_SIM_HTML_H
#define STRIPE_SIM_HTML_H

#include "stripe_sim/sim.h"

/* Text of strangers, as it may stand between tags and in quoted attributes. */
void sim_html_add(struct buf *out, str text);
/* 20.05 USD */
void sim_html_add_amount(struct buf *out, int64_t amount, str currency);

/* http://host:port of an address that people are sent to; absent if it is none, or has anything in
 * it that could mean something to a browser's policy or to HTML. */
str sim_url_origin(struct sim *sim, str url);

/* Answers with a page.  Its forms may lead to itself, and from there on to `next` (the origin of
 * the shop), which browsers check too; absent: nowhere else. */
err sim_html_reply(struct sim *sim, struct response *response, int status, const char *title,
                   str body, str next);
void sim_html_redirect(struct response *response, str url);

#define STYLE_PATH "/c/style.css"
err sim_style_reply(struct response *response);

#endif
