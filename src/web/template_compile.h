/* Compiles templates: HTML with {{tags}} into steps (web/template.h).  Only the build does this
 * (tools/site), and tests.
 *
 * It reads the HTML along the way, so as to know what stands around each hole. */
#ifndef WEB_TEMPLATE_COMPILE_H
#define WEB_TEMPLATE_COMPILE_H

#include "web/template.h"

/* A file: a page, or a part (whose name begins with _) that pages include. */
struct template_source {
    str name;
    str text;
};

struct template_sources {
    const struct template_source *files;
    size_t count;
    const struct template_source *assets; /* name: app.css; text: its URL */
    size_t asset_count;
    const struct catalogue *catalogue; /* keys that templates name must be there */
};

/* False: ret_why says what is wrong, and where: "_card.html:12: …". */
bool template_compile(struct arena *arena, const struct template_sources *sources, str name,
                      struct template *ret_page, char *ret_why, size_t size);

#endif
