/* A service of nothing but storage, with a field of every kind. */
#ifndef TESTS_STORE_THINGS_H
#define TESTS_STORE_THINGS_H

#include "services/service.h"

enum thing_color { THING_RED, THING_GREEN, THING_COLORS };
enum thing_mood { THING_NO_MOOD, THING_GLAD, THING_SAD, THING_MOODS };

struct thing_place {
    uuid id;
    str name;
    int64_t seats;
};

struct thing {
    uuid id;
    str name;
    money price;
    instant made_at;
    int64_t version;
    bool ripe;
    enum thing_color color;
    uuid owner; /* optional, as all that follow */
    str note;
    money tip;
    instant sold_at;
    enum thing_mood mood;
    struct thing_place place;  /* must be there */
    struct thing_place former; /* optional */
};

struct thing_range {
    int64_t skip;
    int64_t max;
};

struct thing_count {
    int64_t count;
};

extern const struct query thing_insert;
extern const struct query thing_insert_returning;
extern const struct query thing_insert_or_ignore;
extern const struct query thing_select;
extern const struct query thing_select_all;
extern const struct query thing_update;
extern const struct query thing_delete_all;
extern const struct query thing_count_all;
extern const struct query thing_count_bare; /* with nothing that may be absent */

extern const struct migration things_migrations[];
extern const struct query *const things_queries[];
extern const struct service things_service;

/* One that has everything, and is different for each n. */
struct thing thing_sample(unsigned n);
/* One without what may be absent. */
struct thing thing_bare(unsigned n);
bool thing_equal(const struct thing *a, const struct thing *b);

#endif
