/* The auth service: accounts and sessions.
 *
 * It promises: one account per e-mail address however it is spelled; nobody learns by trying to
 * sign in which addresses have one; guessing is limited; and a session ends everywhere when it
 * ends. */
#ifndef SERVICES_AUTH_AUTH_H
#define SERVICES_AUTH_AUTH_H

#include "services/service.h"

extern const struct service auth_service;

#endif
