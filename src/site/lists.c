#include "site/lists.h"

const struct field option_fields[] = {
    FIELD(struct option, value),
    FIELD(struct option, selected),
    FIELDS_END,
};

struct rows options_of(struct arena *arena, const char *const *names, str chosen)
{
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    struct option *options = ARENA_ARRAY(arena, struct option, count);
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        options[i].value = str_of(names[i]);
        options[i].selected = str_is(chosen, names[i]);
        found |= options[i].selected;
    }
    if (!found && count > 0)
        options[0].selected = true;
    return (struct rows){ options, count };
}

static str text_in_query(struct op *op, str query, const char *name)
{
    struct form_text *texts;
    size_t count;
    if (query.data == NULL || form_decode(op->arena, query, 64, &texts, &count).problem != NULL)
        return (str){ NULL, 0 };
    for (size_t i = 0; i < count; i++) {
        if (str_is(texts[i].name, name))
            return texts[i].text;
    }
    return (str){ NULL, 0 };
}

str cursor_asked(struct op *op, const struct request *request)
{
    return text_in_query(op, request->query, "cursor");
}

/* Link: </api/tickets?cursor=…>; rel="next" */
str cursor_next(struct op *op, const struct response *answer)
{
    str query;
    str rest;
    (void)str_cut(response_header(answer, "Link"), '?', &query);
    if (query.data == NULL)
        return query;
    return text_in_query(op, str_cut(query, '>', &rest), "cursor");
}

static str with_query(struct op *op, const char *path, const struct buf *query)
{
    struct buf url = buf_in(op->arena, 128);
    buf_add(&url, str_of(path));
    buf_add_char(&url, '?');
    buf_add(&url, buf_str(query));
    return buf_str(&url);
}

str page_url(struct op *op, const char *path, str query, str cursor)
{
    if (cursor.data == NULL)
        return cursor;
    struct buf all = buf_in(op->arena, 128);
    buf_add(&all, query);
    form_add(&all, S("cursor"), cursor);
    return with_query(op, path, &all);
}

str paged_query(struct op *op, str query, const char *limit, str cursor)
{
    struct buf all = buf_in(op->arena, 128);
    buf_add(&all, query);
    form_add(&all, S("limit"), str_of(limit));
    if (cursor.size > 0)
        form_add(&all, S("cursor"), cursor);
    return buf_str(&all);
}
