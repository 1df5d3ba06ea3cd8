/* A static file, embedded when the program is built (tools/site/make_site.c). */
#ifndef WEB_ASSET_H
#define WEB_ASSET_H

#include "base/str.h"

struct asset {
    str path; /* with a digest of the content, so that it never changes: /static/app.1f….css */
    str type;
    str body;
    str gzip; /* the same, compressed */
};

#endif
