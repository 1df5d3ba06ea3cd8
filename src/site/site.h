/* The site: pages for people, rendered here from what the public API says.
 *
 * It knows nothing that any other client could not know, and promises: every page works without
 * JavaScript; what a person typed is kept and what is wrong stands beside it; a form that is sent
 * twice does its work once; nothing that anybody wrote becomes markup. */
#ifndef SITE_SITE_H
#define SITE_SITE_H

#include "web/web.h"

extern const struct route site_routes[];
/* The page for what is not there, or not allowed. */
extern const struct route site_lost;

#endif
