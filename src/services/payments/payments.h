/* The payments service: authorizes, and captures or gives back, through Stripe. */
#ifndef SERVICES_PAYMENTS_PAYMENTS_H
#define SERVICES_PAYMENTS_PAYMENTS_H

#include "services/service.h"

extern const struct service payments_service;

#endif
