#include "web/html_state.h"

#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0)
            return true;
    }
    return false;
}

static const char *append(char name[HTML_NAME_MAX], char c)
{
    size_t size = strlen(name);
    if (size + 1 >= HTML_NAME_MAX)
        return "this name is too long";
    name[size] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    name[size + 1] = '\0';
    return NULL;
}

static const char *begin_attribute(struct html_state *state, char c)
{
    state->place = HTML_NAME;
    state->begun = false;
    state->attribute[0] = '\0';
    return append(state->attribute, c);
}

static const char *end_tag(struct html_state *state)
{
    bool script = !state->closing && strcmp(state->tag, "script") == 0;
    state->place = script ? HTML_SCRIPT : HTML_TEXT;
    if (!state->closing && strcmp(state->tag, "style") == 0)
        return "styles belong in the style sheet";
    return NULL;
}

static const char *open_tag(struct html_state *state, char c)
{
    if (c == '!') {
        state->place = HTML_DECLARATION;
        return NULL;
    }
    if (c == '/' && !state->closing) {
        state->closing = true;
        return NULL;
    }
    if (!is_letter(c))
        return "write &lt; for a < that opens no tag";
    state->place = HTML_TAG_NAME;
    state->tag[0] = '\0';
    return append(state->tag, c);
}

static const char *inside_tag(struct html_state *state, char c)
{
    if (c == '>')
        return end_tag(state);
    if (is_letter(c))
        return begin_attribute(state, c);
    state->place = HTML_TAG;
    return is_space(c) || c == '/' ? NULL : "this is no attribute";
}

static const char *end_name(struct html_state *state, char c)
{
    static const char *const forbidden[] = { "style", "srcdoc", NULL };
    if (strncmp(state->attribute, "on", 2) == 0 || is_one_of(state->attribute, forbidden))
        return "scripts and styles belong in files of their own";
    if (c == '=') {
        state->place = HTML_EQUALS;
        return NULL;
    }
    return inside_tag(state, c);
}

static const char *between_tags(struct html_state *state, char c)
{
    if (c == '<') {
        state->place = HTML_OPEN;
        state->closing = false;
        return NULL;
    }
    return state->place == HTML_SCRIPT ? "scripts belong in a file of their own" : NULL;
}

static const char *inside_declaration(struct html_state *state, char c)
{
    if (c == '>')
        state->place = HTML_TEXT;
    return c == '-' ? "write comments as {{! … }}" : NULL;
}

static const char *inside_value(struct html_state *state, char c)
{
    state->begun = true;
    if (c == '"')
        state->place = HTML_TAG;
    return NULL;
}

const char *html_take(struct html_state *state, char c)
{
    switch (state->place) {
    case HTML_TEXT:
    case HTML_SCRIPT:
        return between_tags(state, c);
    case HTML_OPEN:
        return open_tag(state, c);
    case HTML_DECLARATION:
        return inside_declaration(state, c);
    case HTML_TAG_NAME:
        return is_name(c) ? append(state->tag, c) : inside_tag(state, c);
    case HTML_TAG:
        return inside_tag(state, c);
    case HTML_PAUSED:
        return is_name(c) ? "a name goes on behind a block" : inside_tag(state, c);
    case HTML_NAME:
        return is_name(c) ? append(state->attribute, c) : end_name(state, c);
    case HTML_EQUALS:
        state->place = HTML_VALUE;
        return c == '"' ? NULL : "attributes need double quotes";
    case HTML_VALUE:
        return inside_value(state, c);
    }
    return NULL;
}

bool html_is_url(const struct html_state *state)
{
    static const char *const urls[] = { "href",     "src",    "action",     "formaction",
                                        "poster",   "cite",   "data",       "ping",
                                        "manifest", "srcset", "xlink:href", NULL };
    return is_one_of(state->attribute, urls);
}

void html_pause(struct html_state *state)
{
    if (state->place == HTML_NAME || state->place == HTML_TAG_NAME)
        state->place = HTML_PAUSED;
}

static bool is_inside_tag(const struct html_state *state)
{
    return state->place == HTML_TAG || state->place == HTML_PAUSED;
}

bool html_same(const struct html_state *a, const struct html_state *b)
{
    if (is_inside_tag(a) && is_inside_tag(b))
        return true;
    if (a->place != b->place)
        return false;
    if (a->place == HTML_VALUE)
        return strcmp(a->attribute, b->attribute) == 0 && (a->begun == b->begun || !html_is_url(a));
    return a->place == HTML_TEXT;
}
