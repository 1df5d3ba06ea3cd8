/* The orders service: locks tickets for buyers, decides who gets them, and lets go in time. */
#ifndef SERVICES_ORDERS_ORDERS_H
#define SERVICES_ORDERS_ORDERS_H

#include "services/service.h"

extern const struct service orders_service;

#endif
