/* The tickets service: what is for sale, and who holds it.  It alone decides who gets a ticket. */
#ifndef TICKETS_TICKETS_H
#define TICKETS_TICKETS_H

#include "services/service.h"

extern const struct service tickets_service;

#endif
