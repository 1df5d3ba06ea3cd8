/* The vocabulary of the program in one include: the values that every layer passes around. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <assert.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/field.h"
#include "base/limits.h"
#include "base/op.h"
#include "base/settings.h"
#include "base/str.h"
#include "base/values.h"

#endif
