#include "base/err.h"

const struct problem problem_stale = { STATUS_STALE, "Overtaken by another change", NULL, NULL, 0 };
const struct problem problem_not_yet = { STATUS_NOT_YET, "Too early", NULL, NULL, 0 };
const struct problem problem_conflict = { STATUS_CONFLICT, "Conflict", NULL, NULL, 0 };
const struct problem problem_not_found = { STATUS_NOT_FOUND, "Not found", NULL, NULL, 0 };
const struct problem problem_forbidden = { STATUS_FORBIDDEN, "Not allowed", NULL, NULL, 0 };
const struct problem problem_unauthorized = { STATUS_UNAUTHORIZED, "Not signed in", NULL, NULL, 0 };
const struct problem problem_broken = { STATUS_BROKEN, "Something went wrong", NULL, NULL, 0 };
