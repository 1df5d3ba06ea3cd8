/* The expiration service: a timer for each order, which tells when its time is up.  It decides
 * nothing: the orders service looks at the order itself. */
#ifndef EXPIRATION_EXPIRATION_H
#define EXPIRATION_EXPIRATION_H

#include "services/service.h"

extern const struct service expiration_service;

#endif
