/* Pages as values: a template, compiled when the program is built (web/template_compile.h), and a
 * record become HTML.
 *
 * There is no way to write a value into a page without escaping it: every hole was given the
 * escape that its place needs when the template was compiled, and a place that none is safe for
 * (scripts, styles, unquoted attributes) does not compile.  src/site/README.md describes the
 * language of templates. */
#ifndef WEB_TEMPLATE_H
#define WEB_TEMPLATE_H

#include "base/base.h"

enum escape {
    ESCAPE_HTML,     /* text, and attributes in quotes */
    ESCAPE_URL,      /* a whole URL in an attribute: one of ours, http or https; else # */
    ESCAPE_URL_PART, /* inside a URL: percent-encoded */
};

enum step {
    STEP_TEXT,  /* writes .text as it stands */
    STEP_HOLE,  /* writes the field .text, in the format .detail */
    STEP_SAY,   /* writes the catalogue's text .text */
    STEP_IF,    /* goes on at .next unless the field .text is there, or spells .detail */
    STEP_JUMP,  /* goes on at .next */
    STEP_EACH,  /* enters the first item of the list .text; goes on at .next if there is none */
    STEP_AGAIN, /* enters the next item and goes on at .next, or leaves the list */
    STEP_WITH,  /* enters the record .text */
    STEP_LEAVE, /* leaves it */
    STEP_END,
};

/* How the key of a STEP_SAY is made. */
enum say {
    SAY_KEY,   /* .text */
    SAY_NAMED, /* .text followed by what the field .detail spells: status.sold */
    SAY_COUNT, /* .text followed by .one or .other, by the number in the field .detail */
};

struct template_step {
    enum step step;
    enum escape escape;
    enum say say;
    bool negated; /* STEP_IF: the other way around */
    unsigned next;
    str text;
    str detail; /* absent: none */
};

struct template
{
    const char *name;
    const struct template_step *steps;
};

/* The texts of one language, in the order of the keys, which all languages share.  A text may have
 * {holes}, which are filled from the same record as the page's. */
struct catalogue {
    const char *language; /* BCP 47: en */
    const str *keys;      /* sorted */
    const str *texts;
    size_t count;
};

/* Absent if there is no such key. */
str catalogue_text(const struct catalogue *catalogue, str key);

/* A value on its way to the page. */
struct spoken {
    const struct field *field;
    const void *value; /* of the field's kind */
    str format;        /* as the template says; absent: the usual one */
    str currency;      /* that of the record around it, if it has one */
};

/* How values are said to people.  say() writes plain text, which the renderer escapes. */
struct voice {
    const struct catalogue *catalogue;
    void (*say)(const struct voice *voice, struct buf *out, const struct spoken *spoken);
    instant now;
};

/* The page of a record.  What the template names must be in the table (template_check() tells
 * whether it is): anything else is a bug. */
str template_render(struct arena *arena, const struct template *page, const struct voice *voice,
                    const struct field *fields, const void *record);

/* Whether every name and every key of a template is there, for tests; if not, ret_why says what is
 * missing. */
bool template_check(const struct template *page, const struct catalogue *catalogue,
                    const struct field *fields, char *ret_why, size_t size);

/* Appends, escaped. */
void escape_add(struct buf *buf, enum escape escape, str text);
/* Whether a URL is a path of this site: nothing that a browser could take for another host. */
bool url_is_local(str url);

#endif
