/* Where in an HTML text one is: what the next hole would stand in. */
#ifndef WEB_HTML_STATE_H
#define WEB_HTML_STATE_H

#include <stdbool.h>
#include <stddef.h>

#define HTML_NAME_MAX 24

enum html_place {
    HTML_TEXT,        /* between tags */
    HTML_OPEN,        /* after < */
    HTML_DECLARATION, /* inside <!doctype> */
    HTML_TAG_NAME,
    HTML_TAG,    /* inside a tag, between attributes */
    HTML_PAUSED, /* the same, where a name may be half written: a blank or > must come first */
    HTML_NAME,   /* an attribute's */
    HTML_EQUALS, /* after its = */
    HTML_VALUE,  /* inside its quotes */
    HTML_SCRIPT, /* between <script> and </script>, where nothing may be */
};

struct html_state {
    enum html_place place;
    bool closing; /* the tag */
    bool begun;   /* something stands before this in the attribute's value */
    char tag[HTML_NAME_MAX];
    char attribute[HTML_NAME_MAX];
};

/* Takes the next character; NULL, or what is wrong with it. */
const char *html_take(struct html_state *state, char c);
/* Whether the attribute is a URL. */
bool html_is_url(const struct html_state *state);
/* The name of a tag, or of an attribute without a value, ends where a block begins. */
void html_pause(struct html_state *state);
/* Whether two ways lead to the same place. */
bool html_same(const struct html_state *a, const struct html_state *b);

#endif
