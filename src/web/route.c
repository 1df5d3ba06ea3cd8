/* Which route serves a request. */
#include "web/web.h"

const char *const method_names[] = {
    [GET] = "GET",     [HEAD] = "HEAD",     [POST] = "POST",  [PUT] = "PUT",
    [PATCH] = "PATCH", [DELETE] = "DELETE", [METHODS] = NULL,
};

static enum method served_as(enum method method)
{
    return method == HEAD ? GET : method;
}

/* Whether the path has the pattern's shape, and what stood at its :names (none of them empty). */
static bool match(const char *pattern, str path, str params[PATH_PARAMS_MAX])
{
    const char *at = path.data;
    const char *end = path.data + path.size;
    size_t count = 0;

    while (*pattern != '\0') {
        if (*pattern != ':') {
            if (at == end || *at++ != *pattern++)
                return false;
            continue;
        }
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const char *stop = slash == NULL ? end : slash;
        if (stop == at)
            return false;
        assert(count < PATH_PARAMS_MAX);
        params[count++] = (str){ at, (size_t)(stop - at) };
        at = stop;
        while (*pattern != '\0' && *pattern != '/')
            pattern++;
    }
    return at == end;
}

/* The methods that the path would take, as bits. */
static unsigned methods_of(const struct route *const *tables, size_t count, str path)
{
    unsigned methods = 0;
    for (size_t i = 0; i < count; i++) {
        for (const struct route *route = tables[i]; route->path != NULL; route++) {
            str params[PATH_PARAMS_MAX];
            if (match(route->path, path, params))
                methods |= 1u << route->method;
        }
    }
    return methods & 1u << GET ? methods | 1u << HEAD : methods;
}

static str allow_text(struct arena *arena, unsigned methods)
{
    if (methods == 0)
        return (str){ NULL, 0 };

    struct buf buf = buf_in(arena, 40);
    for (unsigned method = 0; method < METHODS; method++) {
        if (!(methods & 1u << method))
            continue;
        if (buf.size > 0)
            buf_add(&buf, S(", "));
        buf_add(&buf, str_of(method_names[method]));
    }
    return buf_str(&buf);
}

const struct route *route_find(struct arena *arena, const struct route *const *tables, size_t count,
                               struct request *request, str *ret_allow)
{
    enum method method = served_as(request->method);
    str params[PATH_PARAMS_MAX] = { { NULL, 0 } };

    for (size_t i = 0; i < count; i++) {
        for (const struct route *route = tables[i]; route->path != NULL; route++) {
            if (route->method != method || !match(route->path, request->path, params))
                continue;
            memcpy(request->params, params, sizeof params);
            request->access = route->access;
            *ret_allow = (str){ NULL, 0 };
            return route;
        }
    }
    *ret_allow = allow_text(arena, methods_of(tables, count, request->path));
    return NULL;
}
